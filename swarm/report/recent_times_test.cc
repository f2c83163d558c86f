#include "swarm/report/recent_times.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

/// One request a second, whose latency in ms is the second's number since the start.
class RecentTimesTest : public testing::Test {
 protected:
  static constexpr EpochSeconds start = 1000;

  void run_until(int second) {
    for (; second_ < second; ++second_) {
      Sample sample;
      sample.latency = second_ * 1ms;
      sample.finished = start + second_ + 0.5;
      statistics_.record(RequestName("GET", "GET /recent"), sample);
      recent_.remember(LocustRows(statistics_), start, start + second_ + 1);
    }
  }
  [[nodiscard]] LocustTimes recent() const {
    return recent_.recent(LocustRows(statistics_).aggregated(), start + second_);
  }

  Statistics statistics_{start};
  RecentTimes recent_;
  int second_ = 0;
};

TEST_F(RecentTimesTest, AreOfTheLastSecondsOnly) {
  run_until(60);
  // Less what was there at the end of the 50th second.
  EXPECT_EQ(recent().buckets().begin()->first, 51U);
  EXPECT_EQ(recent().count(), 9U);
}

TEST_F(RecentTimesTest, AreNoneAtTheVeryBeginning) {
  run_until(1);
  EXPECT_EQ(recent().count(), 0U);
}

TEST_F(RecentTimesTest, AreAllButTheFirstSecondsUntilTenHavePassed) {
  run_until(5);
  EXPECT_EQ(recent().count(), 4U);
}

TEST_F(RecentTimesTest, FindANearbySecondAfterAPause) {
  run_until(12);
  second_ = 25;  // nobody came by for 13 seconds
  EXPECT_EQ(recent().count(), 0U);
  second_ = 20;
  EXPECT_EQ(recent().buckets().begin()->first, 11U);
}

TEST_F(RecentTimesTest, ANewStartForgetsTheOldOne) {
  run_until(30);
  const Statistics reset{start + 30};
  recent_.remember(LocustRows(reset), start + 30, start + 31);
  recent_.remember(LocustRows(reset), start + 30, start + 32);
  EXPECT_EQ(recent_.recent(LocustRows(reset).aggregated(), start + 33).count(), 0U);
}

}  // namespace
}  // namespace triggers::swarm
