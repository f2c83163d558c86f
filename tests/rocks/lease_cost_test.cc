// What operations on entries cost the committer, counted in reads of records and in steps of its iterator. What they do
// is in tests/contract/lease_test.cc.

#include <gtest/gtest.h>
#include <rocksdb/perf_context.h>

#include <thread>

#include "base/mutex.h"
#include "rocks/committed_inbox.h"
#include "store/rocks/commit/lease_stage.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

using Kind = EntryOperation::Kind;
using Ids = std::vector<EventId>;

class LeaseCost : public testing::Test {
 protected:
  struct Cost {
    std::size_t reads = 0;
    std::uint64_t steps = 0;      ///< Of iterators, also over marks of removed entries.
    std::uint64_t steps_max = 0;  ///< In one commit.
  };

  LeaseCost() {
    store_.on_commit = [this](const CommitStats& stats) {
      auto& counted = *rocksdb::get_perf_context();
      const MutexLock lock(mutex_);
      const std::uint64_t steps = counted.internal_key_skipped_count + counted.internal_delete_skipped_count;
      total_.reads += stats.reads;
      total_.steps += steps;
      total_.steps_max = std::max(total_.steps_max, steps);
      counted.Reset();
    };
  }

  Ids append(std::size_t count) {
    Ids ids;
    while (ids.size() < count) {
      const auto some = store_.append(std::min<std::size_t>(500, count - ids.size()));
      ids.insert(ids.end(), some.begin(), some.end());
    }
    return ids;
  }

  EntryOperation lease(std::size_t limit, std::chrono::seconds duration = std::chrono::hours(1)) {
    EntryOperation entry;
    entry.kind = Kind::lease;
    entry.limit = limit;
    entry.bytes_max = std::size_t{64} * 1024 * 1024;
    entry.duration = duration;
    EXPECT_TRUE(store_.commit(entry));
    EXPECT_EQ(entry.leased.size(), limit);
    return entry;
  }
  void lease_many(std::size_t count) {
    for (; count > 0; count -= std::min<std::size_t>(count, 500)) lease(std::min<std::size_t>(count, 500));
  }

  static EntryOperation on(Kind kind, const EntryOperation& leased) {
    EntryOperation entry;
    entry.kind = kind;
    entry.lease = leased.lease;
    for (const auto& one : leased.leased) entry.results.push_back({one.id});
    return entry;
  }
  void commit(EntryOperation& entry, EntryStatus expected) {
    ASSERT_TRUE(store_.commit(entry));
    for (const EntryResult& result : entry.results) EXPECT_EQ(result.status, expected);
  }
  void release(const EntryOperation& leased, std::optional<std::string> error = {}) {
    EntryOperation entry = on(Kind::release, leased);
    entry.error = std::move(error);
    commit(entry, EntryStatus::released);
  }

  /// What `work` costs, which is the next commits.
  template <class Work>
  Cost cost_of(const Work& work) {
    take();
    work();
    return take();
  }

  CommittedInbox& store() { return store_; }

 private:
  /// The cost since the last call.
  Cost take() {
    // A commit is observed after its waiters were woken, but before the next one begins. A look costs nothing.
    EntryOperation look;
    look.kind = Kind::look;
    EXPECT_TRUE(store_.commit(look));
    const MutexLock lock(mutex_);
    return std::exchange(total_, {});
  }

  testing_support::ScratchDirectory directory_;
  Mutex mutex_;
  Cost total_ GUARDED_BY(mutex_);
  CommittedInbox store_{directory_ / "data"};
};

TEST_F(LeaseCost, LeaseDoesNotWalkOverWhatIsLeased) {
  append(6'010);
  lease_many(10);
  const Cost few = cost_of([&] { lease(10); });
  lease_many(5'000);
  const Cost many = cost_of([&] { lease(10); });
  for (const Cost& cost : {few, many}) {
    EXPECT_EQ(cost.reads, 0U);
    EXPECT_LE(cost.steps, 10U);
    EXPECT_GT(cost.steps, 0U) << "so the counter counts";
  }
}

TEST_F(LeaseCost, LeaseOfWhatCameBackReadsItsSizeAndAnError) {
  append(20);
  release(lease(10));
  const Cost plain = cost_of([&] { release(lease(10)); });
  EXPECT_EQ(plain.reads, 10U);
  EXPECT_EQ(plain.steps, 0U);
  release(lease(10), "broken");
  const Cost failed = cost_of([&] { lease(10); });
  EXPECT_EQ(failed.reads, 20U);
}

TEST_F(LeaseCost, LeaseDoesNotWalkOverWhatDied) {
  append(3'010);
  for (std::uint32_t attempt = 1; attempt <= *inbox::Rules().max_attempts; ++attempt) {
    std::vector<EntryOperation> all;
    for (int i = 0; i != 6; ++i) all.push_back(lease(500));
    if (attempt == 1) lease(1);  // Behind those that will be dead.
    for (const EntryOperation& leased : all) release(leased);
  }
  const Cost cost = cost_of([&] { lease(9); });
  EXPECT_EQ(cost.reads, 0U);
  EXPECT_LE(cost.steps, 9U);
}

TEST_F(LeaseCost, HolderAcknowledgesWithAReadOfTheHoldersAndARepetitionReadsTheTrace) {
  append(10);
  const EntryOperation leased = lease(10);
  EntryOperation first = on(Kind::acknowledge, leased), again = on(Kind::acknowledge, leased);
  EXPECT_EQ(cost_of([&] { commit(first, EntryStatus::acknowledged); }).reads, 10U);
  EXPECT_EQ(cost_of([&] { commit(again, EntryStatus::already_acknowledged); }).reads, 10U);
}

TEST_F(LeaseCost, AcknowledgingWithoutALeaseReadsTheEntryAndItsHolders) {
  const Ids ids = append(10);
  EXPECT_EQ(cost_of([&] { store().acknowledge(ids); }).reads, 20U);
}

TEST_F(LeaseCost, ExtendAndReleaseReadOnlyAnError) {
  append(10);
  EntryOperation leased = lease(10);
  EntryOperation extend = on(Kind::extend, leased);
  extend.duration = std::chrono::hours(2);
  EXPECT_EQ(cost_of([&] { commit(extend, EntryStatus::extended); }).reads, 0U);
  EXPECT_EQ(cost_of([&] { release(leased, "broken"); }).reads, 0U);
  leased = lease(10);
  EXPECT_EQ(cost_of([&] { release(leased); }).reads, 10U);
}

TEST_F(LeaseCost, FirstLeaseWalksOverTheMarksOfOldAcknowledgementsALittleAtATime) {
  const Ids ids = append(10'010);
  // In the middle, so that no head helps.
  lease(1);
  for (std::size_t i = 1; i != 10'001; i += 500) store().acknowledge(std::span(ids).subspan(i, 500));
  const Cost cost = cost_of([&] { lease(9); });
  EXPECT_GE(cost.steps, 10'000U);
  EXPECT_LE(cost.steps_max, LeaseStage::marks_max + 100);
}

TEST_F(LeaseCost, MarksAreWalkedOverOnce) {
  const Ids ids = append(5'010);
  store().acknowledge(std::span(ids).first(1));
  lease(1);
  for (std::size_t i = 2; i != 5'002; i += 500) store().acknowledge(std::span(ids).subspan(i, 500));
  lease(4);
  EXPECT_LE(cost_of([&] { lease(4); }).steps, 8U);
}

}  // namespace
}  // namespace triggers::store
