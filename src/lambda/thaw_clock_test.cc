#include "lambda/thaw_clock.h"

#include <gtest/gtest.h>

namespace triggers::lambda {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// A machine whose two clocks a test moves apart.
class TwoClocks final : public Clock {
 public:
  [[nodiscard]] UnixMillis now() const override { return wall; }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return steady_now; }
  UnixMillis wall{hours{500'000}};
  std::chrono::steady_clock::time_point steady_now{hours{1}};
};

TEST(ThawClock, CountsAFreezeInWhichTheSteadyClockStood) {
  TwoClocks machine;
  ThawClock clock(machine);
  const auto before = clock.steady();
  machine.wall += hours{1};
  machine.steady_now += milliseconds{5};
  clock.look();
  EXPECT_EQ(clock.steady() - before, hours{1});
  clock.look();
  EXPECT_EQ(clock.steady() - before, hours{1});
}

TEST(ThawClock, CountsAFreezeOnceWhereTheSteadyClockWentOn) {
  TwoClocks machine;
  ThawClock clock(machine);
  const auto before = clock.steady();
  machine.wall += hours{1};
  machine.steady_now += hours{1};
  clock.look();
  EXPECT_EQ(clock.steady() - before, hours{1});
}

TEST(ThawClock, NeverGoesBackWithTheWallClock) {
  TwoClocks machine;
  ThawClock clock(machine);
  const auto before = clock.steady();
  machine.wall -= hours{1};
  machine.steady_now += milliseconds{5};
  clock.look();
  EXPECT_EQ(clock.steady() - before, milliseconds{5});
}

}  // namespace
}  // namespace triggers::lambda
