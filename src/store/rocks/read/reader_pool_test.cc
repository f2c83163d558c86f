#include "store/rocks/read/reader_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/gather.h"
#include "base/mutex.h"
#include "base/sync_wait.h"
#include "base/test_few_threads.h"

namespace triggers::store {
namespace {

template <class Read>
Task<std::invoke_result_t<Read&>> read_on(ReaderPool& pool, Read read, std::string tenant = "tenant") {
  auto reading = pool.run(tenant, std::move(read));
  co_return co_await reading;
}

/// Begins reads from one thread, one after the other, and keeps the pool from the next read until all have begun.
class Schedule {
 public:
  explicit Schedule(ReaderPool& pool) : pool_(pool) {
    add("blocker", [this] {
      blocked_.set_value();
      open_.get_future().wait();
    });
    tasks_.push_back(wait_until_blocked(*this));
  }

  /// A read of this tenant that writes `mark` down.
  void read(const std::string& tenant, char mark) {
    add(tenant, [this, mark] {
      const MutexLock lock(mutex_);
      order_.push_back(mark);
    });
  }

  void add(const std::string& tenant, std::function<void()> work) {
    tasks_.push_back(begin(*this, tenant, std::move(work)));
  }

  /// The marks in the order in which the reads were carried out; `!` stands for each that was refused.
  std::string run() {
    tasks_.push_back(open(*this));
    auto all = [](std::vector<Task<void>> tasks) -> Task<void> {
      const std::size_t count = tasks.size();
      Gather gather(std::move(tasks), count);
      co_await gather;
    };
    sync_wait(all(std::move(tasks_)));
    const MutexLock lock(mutex_);
    return order_ + std::string(refused_, '!');
  }

 private:
  static Task<void> begin(Schedule& schedule, std::string tenant, std::function<void()> work) {
    auto read = [&] { return work(), Result<int>(0); };
    const auto done = co_await read_on(schedule.pool_, read, tenant);
    if (!done) ++schedule.refused_;
  }
  static Task<void> wait_until_blocked(Schedule& schedule) {
    schedule.blocked_.get_future().wait();
    co_return;
  }
  static Task<void> open(Schedule& schedule) {
    schedule.open_.set_value();
    co_return;
  }

  ReaderPool& pool_;
  std::promise<void> blocked_, open_;
  std::vector<Task<void>> tasks_;
  Mutex mutex_;
  std::string order_ GUARDED_BY(mutex_);
  std::size_t refused_ = 0;
};

TEST(ReaderPoolTest, ReadsOnAThreadOfThePoolAndResumesOnTheCallers) {
  ReaderPool pool(1, 10);
  const auto caller = std::this_thread::get_id();
  auto task = [](ReaderPool& on, std::thread::id id) -> Task<Result<bool>> {
    auto read = [id] { return Result<bool>(std::this_thread::get_id() != id); };
    auto elsewhere = co_await read_on(on, read);
    EXPECT_EQ(std::this_thread::get_id(), id);
    co_return elsewhere;
  };
  EXPECT_TRUE(*sync_wait(task(pool, caller)));
}

TEST(ReaderPoolTest, AnErrorIsPassedOn) {
  ReaderPool pool(1, 10);
  const auto result = sync_wait(read_on(pool, [] { return Result<int>(Error{ErrorCode::not_found, "no"}); }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_found);
}

TEST(ReaderPoolTest, OneMoreThanMayWaitIsRefused) {
  ReaderPool pool(1, 1);
  std::promise<void> started, gate;
  auto open = gate.get_future().share();
  std::thread reading([&] {
    EXPECT_TRUE(sync_wait(read_on(pool, [&] {
      started.set_value();
      open.wait();
      return Result<int>(1);
    })));
  });
  started.get_future().wait();
  // The pool's thread is busy: one of these two waits and the other is refused.
  std::atomic<int> refused{0}, read{0};
  std::promise<void> one_refused;
  const auto try_one = [&] {
    const auto result = sync_wait(read_on(pool, [] { return Result<int>(2); }));
    if (result) {
      ++read;
    } else if (++refused; result.error().code == ErrorCode::share_used) {
      one_refused.set_value();
    }
  };
  std::thread second(try_one), third(try_one);
  one_refused.get_future().wait();
  gate.set_value();
  for (auto* thread : {&reading, &second, &third}) thread->join();
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(read, 1);
}

TEST(ReaderPoolTest, ManyCallersGetTheirOwnAnswers) {
  ReaderPool pool(2, 1000);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller) {
    threads.emplace_back([&, caller] {
      BlockingExecutor mine;
      for (int n = 0; n < 500; ++n) {
        const int expected = caller * 1000 + n;
        const auto got = mine.run(
            read_on(pool, [expected] { return Result<std::unique_ptr<int>>(std::make_unique<int>(expected)); }));
        if (!got || **got != expected) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ReaderPoolTest, TenantsTakeTurnsWhoeverCameFirst) {
  ReaderPool pool(1, 1000);
  Schedule schedule(pool);
  for (const char mark : std::string("abcdef")) schedule.read("greedy", mark);
  schedule.read("small", '1');
  schedule.read("other", 'X');
  schedule.read("small", '2');
  EXPECT_EQ(schedule.run(), "a1Xb2cdef");
}

TEST(ReaderPoolTest, OnlyTheTenantThatFillsTheQueueIsRefused) {
  ReaderPool pool(1, 8);
  Schedule schedule(pool);
  for (int n = 0; n < 20; ++n) schedule.read("greedy", 'g');
  schedule.read("small", 's');
  EXPECT_EQ(schedule.run(), "gsggg" + std::string(16, '!'));
}

TEST(ReaderPoolTest, ATenantNeverHasAllThreads) {
  ReaderPool pool(3, 1000);
  std::promise<void> small_was_read;
  const auto until = small_was_read.get_future().share();
  Schedule schedule(pool);
  // They end when the other tenant's read has been: if they had all the threads, none would ever end.
  for (int n = 0; n < 10; ++n) schedule.add("greedy", [until] { until.wait(); });
  schedule.add("small", [&] { small_was_read.set_value(); });
  EXPECT_EQ(schedule.run(), "");
}

TEST(ReaderPoolTest, AnExceptionIsAnErrorOfItsReadAlone) {
  ReaderPool pool(1, 10);
  testing::internal::CaptureStderr();
  const auto result = sync_wait(read_on(pool, []() -> Result<int> { throw std::runtime_error("no such luck"); }));
  const auto strange = sync_wait(read_on(pool, []() -> Result<int> { throw 7; }));
  EXPECT_NE(testing::internal::GetCapturedStderr().find(R"("event":"exception_caught","thread":"reader")"),
            std::string::npos);
  ASSERT_FALSE(result || strange);
  EXPECT_EQ(result.error().code, ErrorCode::internal);
  EXPECT_NE(result.error().message.find("no such luck"), std::string::npos);
  EXPECT_EQ(strange.error().code, ErrorCode::internal);
  EXPECT_EQ(pool.exceptions(), 2U);
  EXPECT_EQ(*sync_wait(read_on(pool, [] { return Result<int>(3); })), 3);
}

TEST(ReaderPoolTest, AThreadThatCannotBeStartedIsAnExceptionAndLeavesNoOther) {
#ifdef TRIGGERS_SANITIZE
  GTEST_SKIP() << "the sanitizer takes all of the address space";
#endif
  const FewThreads few;
  EXPECT_THROW(ReaderPool(FewThreads::too_many, 10), std::system_error);
}

}  // namespace
}  // namespace triggers::store
