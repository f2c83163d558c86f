// How many entries a page walks over, counted by RocksDB for each thread. What pages contain is in
// tests/contract/pages_test.cc.

#include <gtest/gtest.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include <random>
#include <set>

#include "rocks/committed_inbox.h"
#include "store/rocks/read/page_reader.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

constexpr std::size_t events = 3'000;

class PageCost : public testing::Test {
 protected:
  PageCost() { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount); }
  ~PageCost() override { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); }

  std::vector<EventId> append(std::size_t count) { return store_.append(count); }
  void acknowledge(std::span<const EventId> ids) { store_.acknowledge(ids); }
  void expire(std::span<const EventId> ids) { store_.expire(ids); }

  struct Walk {
    std::vector<EventId> seen;
    std::size_t pages = 0;
    std::uint64_t skipped_max = 0;  ///< Removed entries that one page stepped over.
  };
  /// Follows the pages to the end.
  Walk walk(PageQuery query, const PageLimits& limits) {
    Walk walk;
    for (bool more = true; more; ++walk.pages) {
      rocksdb::get_perf_context()->Reset();
      const auto page = read_page(store_.database(), store_.inbox(), query, limits);
      walk.skipped_max = std::max(walk.skipped_max, rocksdb::get_perf_context()->internal_delete_skipped_count);
      for (const auto& event : page->events) walk.seen.push_back(event.id);
      more = page->has_more;
      EXPECT_TRUE(!more || page->next_after != query.after) << "a page that goes nowhere";
      if (more && page->next_after == query.after) break;
      query.after = page->next_after;
    }
    return walk;
  }

  /// Reads the first page; how many removed entries it stepped over.
  std::uint64_t skipped_by_first_page(std::size_t events_expected) {
    rocksdb::get_perf_context()->Reset();
    const auto page = read_page(store_.database(), store_.inbox(), {.limit = 50}, {});
    EXPECT_EQ(page->events.size(), events_expected);
    return rocksdb::get_perf_context()->internal_delete_skipped_count;
  }

 private:
  testing_support::ScratchDirectory directory_;
  CommittedInbox store_{directory_ / "data"};
};

TEST_F(PageCost, DrainedInboxIsEmptyAtOnce) {
  acknowledge(append(events));
  EXPECT_EQ(skipped_by_first_page(0), 0U);
}

TEST_F(PageCost, FirstEventAfterADrainedInboxIsFoundAtOnce) {
  acknowledge(append(events));
  append(1);
  EXPECT_EQ(skipped_by_first_page(1), 0U);
}

TEST_F(PageCost, WhatWasAcknowledgedInFrontIsWalkedOverOnce) {
  const auto ids = append(events);
  acknowledge(std::span(ids).first(events - 10));
  EXPECT_GT(skipped_by_first_page(10), 0U);  // So the counter counts.
  EXPECT_EQ(skipped_by_first_page(10), 0U);
}

TEST_F(PageCost, ConsumerThatAcknowledgesPageByPageWalksOverOnePageAtATime) {
  const auto ids = append(events);
  for (std::size_t at = 0; at + 50 < events; at += 50) {
    EXPECT_LE(skipped_by_first_page(50), 2U * 50) << at;
    acknowledge(std::span(ids).subspan(at, 50));
  }
}

TEST_F(PageCost, PageStepsOverALimitedNumberOfRemovedEntriesInEitherOrder) {
  const auto ids = append(events);
  const std::span<const EventId> all(ids);
  acknowledge(all.subspan(1, events - 2));
  const PageLimits limits{.removed_max = 200};
  for (const PageOrder order : {PageOrder::oldest_first, PageOrder::newest_first}) {
    const Walk unbounded = walk({.order = order}, {.removed_max = 0});
    EXPECT_EQ(unbounded.pages, 1U);
    EXPECT_GT(unbounded.skipped_max, events - 10);  // So the counter counts.
    const Walk bounded = walk({.order = order}, limits);
    EXPECT_EQ(bounded.seen, unbounded.seen);
    EXPECT_EQ(bounded.seen.size(), 2U);
    EXPECT_LE(bounded.skipped_max, 3 * limits.removed_max);
    EXPECT_GE(bounded.pages, events / (3 * limits.removed_max));
    const Walk one_type = walk({.order = order, .event_type = "nothing"}, limits);
    EXPECT_TRUE(one_type.seen.empty());
    EXPECT_LE(one_type.skipped_max, 3 * limits.removed_max);
  }
}

/// Then the entries of acknowledged events are removed as well.
TEST_F(PageCost, PageStepsOverALimitedNumberOfRemovedEntriesThatHaveExpired) {
  const auto ids = append(events);
  const auto between = std::span<const EventId>(ids).subspan(1, events - 2);
  acknowledge(between);
  expire(between);
  const PageLimits limits{.removed_max = 200};
  for (const PageOrder order : {PageOrder::oldest_first, PageOrder::newest_first}) {
    const Walk bounded = walk({.order = order}, limits);
    EXPECT_EQ(bounded.seen.size(), 2U);
    EXPECT_GE(bounded.pages, events / (3 * limits.removed_max));
    EXPECT_LE(bounded.skipped_max, 3 * limits.removed_max);
    EXPECT_LE(walk({.order = order, .event_type = "nothing"}, limits).skipped_max, 3 * limits.removed_max);
  }
}

TEST_F(PageCost, RemovedEntriesBetweenThoseThatAreShownCountTogether) {
  const auto ids = append(events);
  std::vector<EventId> left;
  std::vector<EventId> removed;
  for (std::size_t i = 0; i < ids.size(); ++i) (i % 50 == 0 ? left : removed).push_back(ids[i]);
  acknowledge(removed);
  const PageLimits limits{.removed_max = 200};
  const Walk forwards = walk({.limit = 200}, limits);
  EXPECT_EQ(forwards.seen, left);
  EXPECT_LE(forwards.skipped_max, 3 * limits.removed_max);
  const Walk backwards = walk({.order = PageOrder::newest_first, .limit = 200}, limits);
  EXPECT_EQ(backwards.seen, std::vector<EventId>(left.rbegin(), left.rend()));
  EXPECT_LE(backwards.skipped_max, 3 * limits.removed_max);
}

TEST_F(PageCost, PagesWithSmallLimitsAreTheWholeInboxWhateverWasAcknowledged) {
  std::mt19937_64 random(20'261'128);
  std::set<EventId> pending;
  for (int round = 0; round < 12; ++round) {
    for (const EventId& id : append(100 + random() % 200)) pending.insert(id);
    // A run somewhere, and some here and there.
    std::vector<EventId> run(pending.begin(), pending.end());
    const std::size_t from = random() % run.size();
    run.erase(run.begin(), run.begin() + static_cast<std::ptrdiff_t>(from));
    run.resize(std::min<std::size_t>(run.size(), random() % 150));
    std::erase_if(run, [&](const EventId&) { return random() % 8 == 0; });
    if (!run.empty()) acknowledge(run);
    for (const EventId& id : run) pending.erase(id);
    const PageLimits limits{.removed_max = 1 + random() % 40};
    const std::size_t page = 1 + random() % 30;
    EXPECT_EQ(walk({.limit = page}, limits).seen, std::vector<EventId>(pending.begin(), pending.end())) << round;
    EXPECT_EQ(walk({.order = PageOrder::newest_first, .limit = page}, limits).seen,
              std::vector<EventId>(pending.rbegin(), pending.rend()))
        << round;
  }
}

TEST_F(PageCost, FrontThatWasAcknowledgedIsPassedPieceByPieceAndOnce) {
  const auto ids = append(events);
  acknowledge(std::span(ids).first(events - 1));
  const PageLimits limits{.removed_max = 200};
  EXPECT_GT(walk({}, limits).pages, 5U);
  // A consumer asks without a cursor each time: the pages before have moved the head.
  EXPECT_EQ(walk({}, limits).pages, 1U);
}

}  // namespace
}  // namespace triggers::store
