// What a page of the embedded engine walks over, counted: on one thread, because RocksDB counts for each thread.
#include <gtest/gtest.h>
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include "base/sync_wait.h"
#include "store/rocks/committer.h"
#include "store/rocks/database.h"
#include "store/rocks/inboxes.h"
#include "store/rocks/page_reader.h"
#include "support/draft.h"
#include "support/scratch_directory.h"

namespace triggers::store {
namespace {

constexpr std::size_t events = 3'000;

class PageCost : public testing::Test {
 protected:
  PageCost() { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount); }
  ~PageCost() override {
    rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
    queue_.close();
  }

  std::vector<EventId> append(std::size_t count) {
    std::vector<Draft> drafts;
    for (std::size_t i = 0; i < count; ++i) drafts.push_back(numbered(next_++));
    std::vector<Append> appends;
    for (const Draft& draft : drafts) appends.push_back(draft.append());
    std::vector<Appended> answers(count);
    Operation operation;
    operation.tenant = &tenant_;
    operation.events = appends;
    operation.appended = answers;
    commit(operation);
    std::vector<EventId> ids;
    for (const Appended& answer : answers) ids.push_back(answer.id);
    return ids;
  }

  void acknowledge(std::span<const EventId> ids) {
    std::vector<AckOutcome> outcomes(ids.size());
    Operation operation;
    operation.kind = Operation::Kind::acknowledge;
    operation.tenant = &tenant_;
    operation.ids = ids;
    operation.acks = outcomes;
    commit(operation);
    EXPECT_EQ(outcomes, std::vector(ids.size(), AckOutcome::acknowledged));
  }

  /// Reads the first page; how many removed entries it stepped over.
  std::uint64_t skipped_by_first_page(std::size_t events_expected) {
    rocksdb::get_perf_context()->Reset();
    const auto page = read_page(*database_, inbox_, {.limit = 50}, {});
    EXPECT_EQ(page->events.size(), events_expected);
    return rocksdb::get_perf_context()->internal_delete_skipped_count;
  }

 private:
  static Task<void> submit(CommitQueue& queue, Operation& operation) { co_await queue.submit(operation); }
  void commit(Operation& operation) {
    sync_wait(submit(queue_, operation));
    EXPECT_FALSE(operation.error);
  }

  static DatabaseConfig database_config(const std::string& data_dir) {
    DatabaseConfig config;
    config.data_dir = data_dir;
    return config;
  }

  testing_support::ScratchDirectory directory_;
  const Tenant tenant_{"acme"};
  std::size_t next_ = 0;
  std::unique_ptr<Database> database_ = Database::open(database_config(directory_ / "data")).value();
  Inboxes inboxes_;
  Inbox& inbox_ = inboxes_.get(tenant_.id, default_inbox);
  CommitQueue queue_{CommitLimits{}};
  Committer committer_{*database_, inboxes_, queue_, EventId{}, CommitterConfig{}};
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

}  // namespace
}  // namespace triggers::store
