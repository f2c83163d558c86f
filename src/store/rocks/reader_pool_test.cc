#include "store/rocks/reader_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "base/sync_wait.h"

namespace triggers::store {
namespace {

template <class Read>
Task<std::invoke_result_t<Read&>> read_on(ReaderPool& pool, Read read) {
  auto reading = pool.run(std::move(read));
  co_return co_await reading;
}

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

TEST(ReaderPoolTest, AnErrorComesBackAsItIs) {
  ReaderPool pool(1, 10);
  const auto result = sync_wait(read_on(pool, [] { return Result<int>(Error{ErrorCode::not_found, "no"}); }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_found);
}

TEST(ReaderPoolTest, OneMoreThanMayWaitIsRefusedAsOverloaded) {
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
    } else if (++refused; result.error().code == ErrorCode::overloaded) {
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

}  // namespace
}  // namespace triggers::store
