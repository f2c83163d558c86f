#include "store/rocks/commit/id_time.h"

#include <gtest/gtest.h>

#include "base/manual_clock.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;

class IdTimeTest : public testing::Test {
 protected:
  ManualClock clock_;
  IdTime time_{clock_};
};

TEST_F(IdTimeTest, IsTheClockWhileThatGoesOn) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(time_.take(), clock_.now());
    EXPECT_EQ(time_.ahead(), 0ms);
    clock_.advance(1h);
  }
}

TEST_F(IdTimeTest, AheadOfTheClockItRunsMoreSlowlyUntilTheClockHasCaughtUp) {
  const UnixMillis newest = time_.take();
  clock_.jump(-1h);
  EXPECT_EQ(time_.take(), newest);
  EXPECT_EQ(time_.ahead(), 1h);
  clock_.advance(100s);
  EXPECT_EQ(time_.now(), newest + 90s);
  EXPECT_EQ(time_.take(), newest + 90s);
  EXPECT_EQ(time_.ahead(), 1h - 10s);
  clock_.advance(10h);
  EXPECT_EQ(time_.take(), clock_.now());
  EXPECT_EQ(time_.ahead(), 0ms);
}

TEST_F(IdTimeTest, AheadOfTheClockItAdvancesEvenIfReadEveryMillisecond) {
  const UnixMillis newest = time_.take();
  clock_.jump(-1h);
  for (int i = 0; i < 1000; ++i) {
    clock_.advance(1ms);
    time_.take();
  }
  EXPECT_EQ(time_.take(), newest + 900ms);
}

TEST_F(IdTimeTest, NeverGoesBackWhateverTheClockDoes) {
  UnixMillis before = time_.take();
  for (int i = 0; i < 1000; ++i) {
    clock_.jump(i % 7 == 0 ? 10min : -3min);
    clock_.advance(std::chrono::milliseconds{i % 50});
    const UnixMillis time = time_.take();
    EXPECT_GE(time, before);
    before = time;
  }
}

TEST_F(IdTimeTest, StartsAfterTheNewestIdOfTheStore) {
  time_.start_after(clock_.now() + 24h);
  EXPECT_EQ(time_.take(), clock_.now() + 24h);
  clock_.advance(10h);
  EXPECT_EQ(time_.ahead(), 23h);
}

}  // namespace
}  // namespace triggers::store
