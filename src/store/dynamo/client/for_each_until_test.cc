#include "store/dynamo/client/for_each_until.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/sync_wait.h"

namespace triggers::store::dynamo {
namespace {

using std::chrono::steady_clock;

/// Remembers what was begun, and fails at one.
struct Steps {
  std::vector<std::size_t> begun{};
  std::optional<std::size_t> fails_at{};

  Task<Status> step(std::size_t i) {
    begun.push_back(i);
    if (fails_at == i) co_return Error{ErrorCode::unavailable, "down"};
    co_return Done{};
  }
  Status run(std::size_t count, steady_clock::time_point until) {
    auto one = [this](std::size_t i) { return step(i); };
    return sync_wait(for_each_until(count, until, one));
  }
};

TEST(ForEachUntil, AllAreDoneInOrder) {
  Steps steps;
  EXPECT_TRUE(steps.run(40, steady_clock::time_point::max()).ok());
  ASSERT_EQ(steps.begun.size(), 40U);
  EXPECT_TRUE(std::ranges::is_sorted(steps.begun));
  EXPECT_TRUE(Steps{}.run(0, steady_clock::now()).ok());
}

TEST(ForEachUntil, NoneIsBegunAfterAFailure) {
  Steps steps{.fails_at = 7};
  const Status outcome = steps.run(40, steady_clock::time_point::max());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().message, "down");
  EXPECT_EQ(steps.begun.size(), 8U);
}

TEST(ForEachUntil, NoneIsBegunWhenTheTimeIsOver) {
  Steps steps;
  const Status outcome = steps.run(40, steady_clock::now());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, ErrorCode::overloaded);
  EXPECT_TRUE(steps.begun.empty());
}

}  // namespace
}  // namespace triggers::store::dynamo
