#include "swarm/run/saturation_watch.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

/// The shares of a thread's time, second by second.
bool told(SaturationWatch& watch, std::initializer_list<double> shares) {
  std::chrono::steady_clock::time_point now{1h};
  std::chrono::nanoseconds used{0};
  bool any = watch.observe(now, used);
  for (const double share : shares) {
    now += 1s;
    used += std::chrono::nanoseconds{static_cast<std::int64_t>(share * 1e9)};
    any = watch.observe(now, used) || any;
  }
  return any;
}

TEST(SaturationWatch, ReportsAfterTenBusySeconds) {
  SaturationWatch watch;
  EXPECT_TRUE(told(watch, {1, 1, 1, 1, 1, 1, 1, 1, 1, 0.95}));
  EXPECT_NEAR(watch.largest_share(), 0.995, 0.001);
}

TEST(SaturationWatch, AShortBurstIsNotBusy) {
  SaturationWatch watch;
  EXPECT_FALSE(told(watch, {1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0}));
}

TEST(SaturationWatch, RemembersTheWorstWindow) {
  SaturationWatch watch;
  told(watch, {0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_NEAR(watch.largest_share(), 0.8, 0.001);
}

TEST(SaturationWatch, AShortRunIsJudgedAsAWhole) {
  SaturationWatch watch;
  EXPECT_FALSE(told(watch, {0.5, 0.7}));
  EXPECT_NEAR(watch.largest_share(), 0.6, 0.001);
}

}  // namespace
}  // namespace triggers::swarm
