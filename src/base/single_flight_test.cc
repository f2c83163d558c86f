#include "base/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <coroutine>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "base/sync_wait.h"
#include "base/test_at_once.h"
#include "base/yield.h"

namespace triggers {
namespace {

class SingleFlightTest : public testing::Test {
 protected:
  /// So many want it at once, where `work` is what each would do.
  template <class Work>
  std::vector<std::optional<Status>> fly(std::size_t count, Work work) {
    std::vector<std::optional<Status>> outcomes(count);
    at_once(count, [&](std::size_t i) -> Task<void> { outcomes[i] = co_await flight.fly(work); });
    return outcomes;
  }

  SingleFlight flight;
  int worked = 0;
};

TEST_F(SingleFlightTest, ConcurrentCallersShareOneCall) {
  const auto work = [this]() -> Task<Status> {
    ++worked;
    co_await yield();
    co_return Done{};
  };
  for (const auto& outcome : fly(20, work)) EXPECT_TRUE(outcome && *outcome);
  EXPECT_EQ(worked, 1);
  fly(1, work);
  EXPECT_EQ(worked, 2);
}

TEST_F(SingleFlightTest, AllWaitingCallersGetTheFailure) {
  const auto work = [this]() -> Task<Status> {
    ++worked;
    co_await yield();
    co_return Error{ErrorCode::unavailable, "nobody there"};
  };
  for (const auto& outcome : fly(20, work)) EXPECT_EQ((*outcome).error().message, "nobody there");
  EXPECT_EQ(worked, 1);
}

TEST_F(SingleFlightTest, ExceptionGoesToTheFirstCallerAndTheOthersAreResumed) {
  const auto work = [this]() -> Task<Status> {
    ++worked;
    co_await yield();
    throw std::runtime_error("no");
  };
  EXPECT_THROW(fly(20, work), std::runtime_error);
  EXPECT_EQ(worked, 1);
}

/// Runs ready coroutines only in run_ready(); resume() can fail once for lack of memory.
class ShortExecutor final : public Executor {
 public:
  void resume(std::span<const std::coroutine_handle<>> handles) override {
    if (std::exchange(out_of_memory, false)) throw std::bad_alloc();
    ready.insert(ready.end(), handles.begin(), handles.end());
  }
  void run_ready() {
    for (const auto handle : std::exchange(ready, {})) handle.resume();
  }
  bool out_of_memory = false;
  std::vector<std::coroutine_handle<>> ready;

 private:
  const Scope scope_{*this};
};

TEST_F(SingleFlightTest, AllCallersContinueAfterAShortageOfMemory) {
  ShortExecutor executor;
  int ended = 0;
  const auto work = []() -> Task<Status> {
    co_await yield();
    co_return Done{};
  };
  const auto want = [&]() -> RootTask {
    if (co_await flight.fly(work)) ++ended;
  };
  for (int i = 0; i < 3; ++i) want();
  executor.out_of_memory = true;
  executor.run_ready();
  EXPECT_EQ(ended, 1);
  executor.run_ready();
  EXPECT_EQ(ended, 3);
}

TEST_F(SingleFlightTest, AllRacingThreadsContinue) {
  std::atomic<int> works = 0, good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const auto work = [&]() -> Task<Status> {
          ++works;
          co_await yield();
          co_return Done{};
        };
        good += sync_wait(flight.fly(work)) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 20'000);
  EXPECT_LE(works, 20'000);
}

}  // namespace
}  // namespace triggers
