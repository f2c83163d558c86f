// Operations whose number of entries is open, in the queue. Everything else of the queue is in commit_queue_test.cc.

#include <gtest/gtest.h>

#include <deque>
#include <thread>
#include <vector>

#include "base/sync_wait.h"
#include "base/task.h"
#include "store/rocks/commit/commit_queue.h"

namespace triggers::store {
namespace {

const Tenant tenant{"acme"};

/// Operations on entries that are queued together.
class CountedEntries : public testing::Test {
 protected:
  void add(EntryOperation& entry) {
    Operation& operation = operations_.emplace_back();
    operation.kind = Operation::Kind::entries;
    operation.tenant = &tenant;
    operation.entry = &entry;
    operation.bytes = entries_bytes(entry);
    bytes_before += operation.bytes;
  }
  /// Takes them all; of each whose number is open, `found` entries are there.
  std::size_t take(std::size_t found) {
    const std::jthread waiter([this] { sync_wait(submit_all()); });
    std::vector<Operation*> batch;
    EXPECT_TRUE(queue_.take(batch, std::nullopt, [&](const Operation&) { return found; }));
    bytes_after = queue_.bytes();
    queue_.finish(batch);
    return batch.size();
  }

  std::size_t bytes_before = 0, bytes_after = 0;

 private:
  static RootTask start(CommitQueue& queue, Operation& operation) { co_await queue.submit(operation); }
  Task<void> submit_all() {
    for (std::size_t i = 1; i < operations_.size(); ++i) start(queue_, operations_[i]);
    co_await queue_.submit(operations_[0]);
  }

  CommitQueue queue_{CommitLimits{}};
  std::deque<Operation> operations_;
};

EntryOperation acknowledgement_of_a_lease() {
  EntryOperation entry;
  entry.all_held = true;
  return entry;
}

EntryOperation lease(std::size_t limit) {
  EntryOperation entry;
  entry.kind = EntryOperation::Kind::lease;
  entry.limit = limit;
  return entry;
}

TEST_F(CountedEntries, AcknowledgementsOfLeasesFitIntoOneBatch) {
  std::deque<EntryOperation> entries;
  for (int i = 0; i < 20; ++i) add(entries.emplace_back(acknowledgement_of_a_lease()));
  EXPECT_EQ(take(10), 20U);
  EXPECT_EQ(entries.front().size(), 10U);
  EXPECT_EQ(bytes_before - bytes_after, 20 * 490 * entry_record_bytes);
}

TEST_F(CountedEntries, LeaseCountsWhatIsAvailableAndWhatTheOthersMayAdd) {
  EntryOperation large = lease(500), small = lease(2), ids;
  ids.results.resize(7);
  for (EntryOperation* entry : {&large, &small, &ids}) add(*entry);
  EXPECT_EQ(take(3), 3U);
  EXPECT_EQ(large.size(), 3U + 7U);
  EXPECT_EQ(small.size(), 2U);
}

TEST_F(CountedEntries, OperationThatFindsNothingIsOneElement) {
  EntryOperation large = lease(500), gone = acknowledgement_of_a_lease();
  for (EntryOperation* entry : {&large, &gone}) add(*entry);
  EXPECT_EQ(take(0), 2U);
  EXPECT_EQ(large.size(), 1U);
  EXPECT_EQ(gone.size(), 1U);
}

}  // namespace
}  // namespace triggers::store
