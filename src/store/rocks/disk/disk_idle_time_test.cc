#include "store/rocks/disk/disk_idle_time.h"

#include <gtest/gtest.h>

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
constexpr DiskIdleTime::TimePoint start{1h};

TEST(DiskIdleTime, GrowsWhileNothingEndsAndNothingIsUnderWay) {
  DiskIdleTime idle_time({.done = 7}, start);
  EXPECT_EQ(idle_time.lasts({.done = 7}, start + 4s), 4s);
  EXPECT_EQ(idle_time.lasts({.done = 7}, start + 9s), 9s);
}

TEST(DiskIdleTime, EndsWithEachOperationThatHasEnded) {
  DiskIdleTime idle_time({.done = 7}, start);
  EXPECT_EQ(idle_time.lasts({.done = 8}, start + 1h), 0s);
  EXPECT_EQ(idle_time.lasts({.done = 8}, start + 1h + 3s), 3s);
  EXPECT_EQ(idle_time.lasts({.done = 9}, start + 2h), 0s);
}

TEST(DiskIdleTime, IsZeroWhileAnOperationIsInProgress) {
  DiskIdleTime idle_time({}, start);
  EXPECT_EQ(idle_time.lasts({.under_way = 1}, start + 1h), 0s);
  EXPECT_EQ(idle_time.lasts({.under_way = 1}, start + 2h), 0s);
  EXPECT_EQ(idle_time.lasts({}, start + 2h + 5s), 5s);
}

}  // namespace
}  // namespace triggers::store
