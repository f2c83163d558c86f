#include "base/task.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/sync_wait.h"

namespace triggers {
namespace {

Task<int> answer() { co_return 42; }
Task<int> fails() {
  throw std::runtime_error("no");
  co_return 0;
}
Task<int> deep(int levels) {
  if (levels == 0) co_return 0;
  co_return 1 + co_await deep(levels - 1);
}

TEST(Task, ReturnsItsValueAndThrowsItsException) {
  EXPECT_EQ(sync_wait(answer()), 42);
  EXPECT_THROW(sync_wait(fails()), std::runtime_error);
}

TEST(Task, AwaitingManyReadyTasksDoesNotGrowTheStack) {
  const auto many = []() -> Task<long> {
    long sum = 0;
    for (int i = 0; i < 200'000; ++i) sum += co_await answer();
    co_return sum;
  };
  EXPECT_EQ(sync_wait(many()), 42L * 200'000);
  EXPECT_EQ(sync_wait(deep(1000)), 1000);
}

}  // namespace
}  // namespace triggers
