#include "store/rocks/commit/commit_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "base/sync_wait.h"
#include "base/task.h"

namespace triggers::store {
namespace {

/// An executor whose coroutines run when the test says so, on the thread that says so.
class HandExecutor final : public Executor {
 public:
  void resume(std::span<const std::coroutine_handle<>> handles) override {
    ++calls;
    if (failures > 0) {
      --failures;
      throw std::bad_alloc();
    }
    ready.insert(ready.end(), handles.begin(), handles.end());
  }
  void run_ready() {
    const Scope scope(*this);
    for (const auto handle : std::exchange(ready, {})) handle.resume();
  }
  template <class Start>
  void start(Start start_task) {
    const Scope scope(*this);
    start_task();
  }

  int calls = 0;
  int failures = 0;  ///< So many calls find no memory.
  std::vector<std::coroutine_handle<>> ready;
};

RootTask start_submit(CommitQueue& queue, Operation& operation) { co_await queue.submit(operation); }

constexpr std::chrono::hours never{100'000};

class CommitQueueTest : public testing::Test {
 protected:
  using Kind = Operation::Kind;

  struct Submitted {
    Operation operation;
    Tenant tenant;
    std::vector<IncomingEvent> events;
    bool done = false;
  };

  Submitted& submit(std::size_t bytes = 1, Kind kind = Kind::append) { return submit(executor, bytes, kind); }
  /// A batch of so many events.
  Submitted& submit_batch(const Tenant& tenant, std::size_t events) {
    Submitted& submitted = submitted_.emplace_back();
    submitted.events.resize(events);
    submitted.operation.events = submitted.events;
    submitted.operation.tenant = &tenant;
    executor.start([&] { await(queue(), submitted); });
    return submitted;
  }
  Submitted& submit_of(const Tenant& tenant, std::size_t bytes = 1) {
    Submitted& submitted = submitted_.emplace_back();
    submitted.operation.bytes = bytes;
    submitted.operation.tenant = &tenant;
    executor.start([&] { await(queue(), submitted); });
    return submitted;
  }
  Submitted& submit(HandExecutor& on, std::size_t bytes = 1, Kind kind = Kind::append) {
    Submitted& submitted = submitted_.emplace_back();
    submitted.operation.bytes = bytes;
    submitted.operation.kind = kind;
    on.start([&] { await(queue(), submitted); });
    return submitted;
  }
  Submitted& submit(const Tenant& of, std::size_t bytes = 1) {
    Submitted& submitted = submitted_.emplace_back();
    submitted.tenant = of;
    submitted.operation.tenant = &submitted.tenant;
    submitted.operation.bytes = bytes;
    executor.start([&] { await(queue(), submitted); });
    return submitted;
  }
  CommitQueue& queue() {
    if (!queue_) queue_.emplace(limits);
    return *queue_;
  }
  std::vector<Operation*> take() {
    executor.run_ready();
    std::vector<Operation*> batch;
    EXPECT_TRUE(queue().take(batch));
    return batch;
  }
  /// Takes and finishes what waits, so that no coroutine is left.
  void finish_all() {
    executor.run_ready();
    queue().close();
    std::vector<Operation*> batch;
    while (queue().take(batch)) queue().finish(batch);
    executor.run_ready();
  }

  CommitLimits limits{.queue_operations_max = 4,
                      .queue_bytes_max = 100,
                      .commit_elements_max = 3,
                      .commit_bytes_max = 20,
                      .lone_after = never,
                      .turn_elements_max = 1};
  HandExecutor executor;

 private:
  static RootTask await(CommitQueue& queue, Submitted& submitted) {
    co_await queue.submit(submitted.operation);
    submitted.done = true;
  }

  std::optional<CommitQueue> queue_;
  std::deque<Submitted> submitted_;
};

TEST_F(CommitQueueTest, HandsOutInTheOrderOfSubmission) {
  auto& first = submit();
  auto& second = submit();
  EXPECT_EQ(queue().waiting(), 0U) << "they are not handed over yet";
  executor.run_ready();
  EXPECT_EQ(queue().waiting(), 2U);
  EXPECT_EQ(take(), (std::vector{&first.operation, &second.operation}));
  queue().finish(std::vector{&first.operation, &second.operation});
  EXPECT_FALSE(first.done);
  executor.run_ready();
  EXPECT_TRUE(first.done && second.done);
}

TEST_F(CommitQueueTest, OneOperationMoreThanTheLimitIsRefusedAsOverloaded) {
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(submit().done);
  auto& refused = submit();
  EXPECT_TRUE(refused.done);
  ASSERT_TRUE(refused.operation.error);
  EXPECT_EQ(refused.operation.error->code, ErrorCode::overloaded);
  EXPECT_EQ(queue().depth(), 4U);
  finish_all();
}

TEST_F(CommitQueueTest, TenantLeavesRoomForTheOperationsAndBytesOfOthers) {
  limits.queue_operations_max = 8;
  limits.commit_elements_max = 100;
  const Tenant greedy{"greedy"}, other{"other"}, third{"third"};
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(submit_of(greedy).done);
  auto& refused = submit_of(greedy);
  ASSERT_TRUE(refused.operation.error);
  EXPECT_EQ(refused.operation.error->code, ErrorCode::overloaded);
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(submit_of(other).done);
  EXPECT_TRUE(submit_of(other).done);
  EXPECT_FALSE(submit_of(third).done);
  EXPECT_EQ(queue().depth(), 7U);
  queue().finish(take());
  executor.run_ready();
  EXPECT_FALSE(submit_of(greedy, 50).done) << "the first may be as large as there is room";
  EXPECT_TRUE(submit_of(greedy, 1).done);
  EXPECT_FALSE(submit_of(other, 50).done);
  finish_all();
}

TEST_F(CommitQueueTest, OneByteMoreThanTheLimitIsRefusedAsOverloaded) {
  EXPECT_FALSE(submit(60).done);
  EXPECT_FALSE(submit(40).done);
  auto& refused = submit(1);
  ASSERT_TRUE(refused.operation.error);
  EXPECT_EQ(refused.operation.error->code, ErrorCode::overloaded);
  EXPECT_EQ(queue().bytes(), 100U);
  finish_all();
}

TEST_F(CommitQueueTest, WhatIsTakenCountsUntilItIsFinished) {
  for (int i = 0; i < 4; ++i) submit();
  const auto batch = take();
  EXPECT_EQ(queue().depth(), 4U);
  EXPECT_EQ(queue().bytes(), 4U);
  EXPECT_TRUE(submit().done);
  queue().finish(batch);
  EXPECT_EQ(queue().depth(), 1U);
  EXPECT_EQ(queue().bytes(), 1U);
  EXPECT_FALSE(submit().done);
  finish_all();
}

TEST_F(CommitQueueTest, ABatchEndsAtItsCountOfOperations) {
  for (int i = 0; i < 4; ++i) submit();
  const auto first = take();
  EXPECT_EQ(first.size(), 3U);
  const auto second = take();
  EXPECT_EQ(second.size(), 1U);
  queue().finish(first);
  queue().finish(second);
  executor.run_ready();
}

TEST_F(CommitQueueTest, ABatchEndsAtItsBytesAndOneLargerOperationGoesAlone) {
  auto& large = submit(50);
  auto& small = submit(15);
  auto& next = submit(6);
  const auto first = take(), second = take(), third = take();
  EXPECT_EQ(first, std::vector{&large.operation});
  EXPECT_EQ(second, std::vector{&small.operation});
  EXPECT_EQ(third, std::vector{&next.operation});
  for (const auto& batch : {first, second, third}) queue().finish(batch);
  executor.run_ready();
}

TEST_F(CommitQueueTest, AChangeGoesAlone) {
  auto& before = submit();
  auto& change = submit(1, Kind::change);
  auto& after = submit(1);
  const auto first = take(), second = take(), third = take();
  EXPECT_EQ(first, std::vector{&before.operation});
  EXPECT_EQ(second, std::vector{&change.operation});
  EXPECT_EQ(third, std::vector{&after.operation});
  for (const auto& batch : {first, second, third}) queue().finish(batch);
  executor.run_ready();
}

TEST_F(CommitQueueTest, TenantsTakeTurnsOnceNotAllFitsIntoABatch) {
  limits.queue_operations_max = 100;
  const Tenant many{"many"}, few{"few"};
  std::vector<Submitted*> crowd;
  for (int i = 0; i < 7; ++i) crowd.push_back(&submit(many));
  auto& first = submit(few);
  auto& second = submit(few);
  const auto one = take();
  EXPECT_EQ(one, (std::vector{&crowd[0]->operation, &first.operation, &crowd[1]->operation}));
  auto& late = submit(Tenant{"late"});
  const auto two = take();
  EXPECT_EQ(two, (std::vector{&second.operation, &crowd[2]->operation, &late.operation}));
  const auto three = take();
  EXPECT_EQ(three, (std::vector{&crowd[3]->operation, &crowd[4]->operation, &crowd[5]->operation}));
  for (const auto& batch : {one, two, three}) queue().finish(batch);
  finish_all();
  EXPECT_TRUE(crowd[6]->done);
}

TEST_F(CommitQueueTest, ATenantWithLargeOperationsIsPassedByAnotherAfterOne) {
  const Tenant large{"large"}, small{"small"};
  auto& first = submit(large, 18);
  auto& second = submit(large, 18);
  auto& other = submit(small, 1);
  const auto one = take(), two = take();
  EXPECT_EQ(one, (std::vector{&first.operation, &other.operation}));
  EXPECT_EQ(two, std::vector{&second.operation});
  for (const auto& batch : {one, two}) queue().finish(batch);
  finish_all();
}

TEST_F(CommitQueueTest, ALargeOperationIsHandedOutInParts) {
  limits = {.queue_operations_max = 10, .commit_elements_max = 6, .lone_after = never, .turn_elements_max = 2};
  const Tenant many{"many"}, few{"few"};
  auto& large = submit_batch(many, 9);
  auto& small = submit_batch(few, 1);
  const auto one = take();
  EXPECT_EQ(one, (std::vector{&large.operation, &small.operation}));
  EXPECT_EQ(large.operation.part_end, 5U);
  queue().finish(one);
  executor.run_ready();
  EXPECT_TRUE(small.done);
  EXPECT_FALSE(large.done);
  EXPECT_EQ(queue().depth(), 1U);

  auto& late = submit_batch(few, 1);
  const auto two = take();
  EXPECT_EQ(two, (std::vector{&large.operation, &late.operation}));
  EXPECT_EQ(large.operation.part_begin, 5U);
  EXPECT_EQ(large.operation.part_end, 9U);
  queue().finish(two);
  executor.run_ready();
  EXPECT_TRUE(large.done && late.done);
  EXPECT_EQ(queue().depth(), 0U);
  EXPECT_EQ(queue().bytes(), 0U);
}

TEST_F(CommitQueueTest, WhatAFailureCutsOffIsNotHandedOutAgain) {
  limits = {.queue_operations_max = 10, .commit_elements_max = 4, .lone_after = never, .turn_elements_max = 2};
  const Tenant one{"one"}, two{"two"};
  auto& cut = submit_batch(one, 9);
  auto& other = submit_batch(two, 9);
  const auto first = take();
  queue().finish(first);
  const auto second = take();
  EXPECT_EQ(second, (std::vector{&cut.operation, &other.operation}));
  cut.operation.cut_off = true;
  queue().finish(second);
  executor.run_ready();
  EXPECT_TRUE(cut.done);
  while (!other.done) {
    const auto next = take();
    EXPECT_EQ(next, std::vector{&other.operation});
    queue().finish(next);
    executor.run_ready();
  }
  EXPECT_EQ(queue().depth(), 0U);
}

TEST_F(CommitQueueTest, ChangesTakeTurnsWithEvents) {
  limits.queue_operations_max = 10;
  const Tenant tenant{"acme"};
  auto& first = submit(1, Kind::change);
  auto& second = submit(1, Kind::change);
  auto& event = submit_of(tenant);
  const auto one = take(), two = take(), three = take();
  EXPECT_EQ(one, std::vector{&first.operation});
  EXPECT_EQ(two, std::vector{&event.operation});
  EXPECT_EQ(three, std::vector{&second.operation});
  for (const auto& batch : {one, two, three}) queue().finish(batch);
  executor.run_ready();
}

TEST_F(CommitQueueTest, ALoneTenantsBatchIsLonger) {
  for (const bool lone : {false, true}) {
    SCOPED_TRACE(lone);
    CommitQueue one({.commit_elements_max = 2,
                     .lone_commit_elements_max = 5,
                     .lone_after = std::chrono::hours{lone ? 0 : 1},
                     .turn_elements_max = 1});
    const Tenant tenant{"acme"};
    const std::vector<IncomingEvent> events(9);
    Operation operation;
    operation.tenant = &tenant;
    operation.events = events;
    executor.start([&] { start_submit(one, operation); });
    executor.run_ready();
    std::vector<Operation*> batch;
    for (std::size_t end = lone ? 5 : 2;; end += lone ? 5 : 2) {
      ASSERT_TRUE(one.take(batch));
      EXPECT_EQ(operation.part_end, std::min<std::size_t>(end, 9));
      one.finish(batch);
      if (operation.ended()) break;
    }
    executor.run_ready();
  }
}

TEST_F(CommitQueueTest, AnOperationThatEndsEarlyIsNotHandedOutAgain) {
  limits = {.queue_operations_max = 10, .commit_elements_max = 4, .lone_after = never, .turn_elements_max = 2};
  const Tenant tenant{"acme"};
  auto& failed = submit_batch(tenant, 9);
  auto& left = submit_batch(tenant, 9);
  auto& next = submit_batch(tenant, 1);
  const auto one = take();
  EXPECT_EQ(one, std::vector{&failed.operation});
  failed.operation.error = Error{ErrorCode::unavailable, "no disk"};
  queue().finish(one);
  const auto two = take();
  EXPECT_EQ(two, std::vector{&left.operation});
  left.operation.part_end = 1;
  left.operation.undecided = Undecided{};
  queue().finish(two);
  executor.run_ready();
  EXPECT_TRUE(failed.done && left.done);
  const auto three = take();
  EXPECT_EQ(three, std::vector{&next.operation});
  queue().finish(three);
  executor.run_ready();
  EXPECT_TRUE(next.done);
  EXPECT_EQ(queue().depth(), 0U);
}

TEST_F(CommitQueueTest, ATurnIsHandedOverAsAWhole) {
  auto& first = submit();
  auto& second = submit();
  EXPECT_EQ(executor.calls, 1);
  executor.run_ready();
  auto& later = submit();
  std::vector<Operation*> batch;
  ASSERT_TRUE(queue().take(batch));
  EXPECT_EQ(batch, (std::vector{&first.operation, &second.operation}));
  EXPECT_EQ(queue().depth(), 3U);
  queue().finish(batch);
  finish_all();
  EXPECT_TRUE(later.done);
  EXPECT_FALSE(later.operation.error);
}

TEST_F(CommitQueueTest, ATurnThatEndsAfterCloseIsRefused) {
  auto& cut = submit();
  queue().close();
  executor.run_ready();
  executor.run_ready();
  EXPECT_TRUE(cut.done);
  ASSERT_TRUE(cut.operation.error);
  EXPECT_EQ(cut.operation.error->code, ErrorCode::unavailable);
  EXPECT_EQ(queue().depth(), 0U);
  EXPECT_EQ(queue().bytes(), 0U);
}

TEST_F(CommitQueueTest, AWaitEndsAtItsTimeOrByTheBell) {
  std::vector<Operation*> batch;
  ASSERT_TRUE(queue().take(batch, std::chrono::steady_clock::now() + std::chrono::milliseconds{1}));
  EXPECT_TRUE(batch.empty());
  std::thread bell([&] { queue().ring(); });
  ASSERT_TRUE(queue().take(batch));
  EXPECT_TRUE(batch.empty());
  bell.join();
  // Whatever the time, what waits is handed out.
  auto& waiting = submit();
  executor.run_ready();
  queue().ring();
  ASSERT_TRUE(queue().take(batch, std::chrono::steady_clock::now()));
  EXPECT_EQ(batch, std::vector{&waiting.operation});
  queue().finish(batch);
  queue().ring();
  queue().close();
  EXPECT_FALSE(queue().take(batch, std::chrono::steady_clock::now() + std::chrono::hours{1}));
  executor.run_ready();
}

TEST_F(CommitQueueTest, AfterCloseWhatWaitsIsHandedOutAndWhatComesIsRefused) {
  auto& waiting = submit();
  executor.run_ready();
  queue().close();
  auto& late = submit();
  ASSERT_TRUE(late.operation.error);
  EXPECT_EQ(late.operation.error->code, ErrorCode::unavailable);
  EXPECT_EQ(take(), std::vector{&waiting.operation});
  std::vector<Operation*> batch;
  EXPECT_FALSE(queue().take(batch));
  queue().finish(std::vector{&waiting.operation});
  executor.run_ready();
}

TEST_F(CommitQueueTest, EachExecutorIsResumedOnceForABatch) {
  HandExecutor other;
  submit();
  submit(other);
  submit();
  other.run_ready();
  const auto batch = take();
  executor.calls = other.calls = 0;
  queue().finish(batch);
  EXPECT_EQ(executor.calls, 1);
  EXPECT_EQ(executor.ready.size(), 2U);
  EXPECT_EQ(other.calls, 1);
  EXPECT_EQ(other.ready.size(), 1U);
  executor.run_ready();
  other.run_ready();
}

TEST_F(CommitQueueTest, AWaiterIsResumedThoughMemoryRunsOut) {
  auto& first = submit();
  auto& second = submit();
  const auto batch = take();
  executor.failures = 2;
  queue().finish(batch);
  executor.run_ready();
  EXPECT_TRUE(first.done && second.done);
}

Task<void> submit_one(CommitQueue& queue, Operation& operation) { co_await queue.submit(operation); }

TEST_F(CommitQueueTest, OfManyProducersNoneIsLostAndNoneIsHandedOutTwice) {
  constexpr int producers = 4, each = 2000;
  limits = {.queue_operations_max = 1000,
            .queue_bytes_max = 1'000'000,
            .commit_elements_max = 7,
            .commit_bytes_max = 1000,
            .lone_after = never};
  CommitQueue& shared = queue();
  std::atomic<int> taken{0};
  std::thread committer([&] {
    std::vector<Operation*> batch;
    while (shared.take(batch)) {
      taken += static_cast<int>(batch.size());
      shared.finish(batch);
    }
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < producers; ++i) {
    threads.emplace_back([&] {
      BlockingExecutor mine;
      for (int n = 0; n < each; ++n) {
        Operation operation;
        operation.bytes = 3;
        mine.run(submit_one(shared, operation));
        if (operation.error) std::abort();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  shared.close();
  committer.join();
  EXPECT_EQ(taken, producers * each);
  EXPECT_EQ(shared.depth(), 0U);
  EXPECT_EQ(shared.bytes(), 0U);
}

}  // namespace
}  // namespace triggers::store
