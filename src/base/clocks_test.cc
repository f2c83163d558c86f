// GuardedClock and ProvenTime, while the machine's clock jumps.

#include <gtest/gtest.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime is POSIX

#include "base/guarded_clock.h"
#include "base/manual_clock.h"
#include "base/proven_time.h"

namespace triggers {
namespace {

using namespace std::chrono_literals;
using Kind = GuardedClock::Change::Kind;

constexpr std::chrono::milliseconds year = 24h * 366;

class GuardedClockTest : public testing::Test {
 protected:
  /// Looks every second, as a server does, and returns what was found.
  std::vector<Kind> look_for(std::chrono::seconds time) {
    std::vector<Kind> found;
    for (auto passed = 0s; passed < time; passed += 1s) {
      if (const auto change = clock_.look()) found.push_back(change->kind);
      machine_.advance(1s);
    }
    return found;
  }
  UnixMillis start_ = ManualClock{}.now();
  ManualClock machine_;
  GuardedClock clock_{machine_};
};

TEST_F(GuardedClockTest, FollowsTheMachinesClockWhileItRunsNormally) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(clock_.now(), machine_.now());
    EXPECT_FALSE(clock_.look());
    machine_.advance(61s);
  }
}

TEST_F(GuardedClockTest, JumpThatIsTakenBackLeavesNoTrace) {
  for (const auto by : {year, -year}) {
    const UnixMillis before = clock_.now();
    machine_.jump(by);
    EXPECT_EQ(clock_.now(), before) << "before anybody has looked";
    EXPECT_EQ(clock_.machine_ahead(), by);
    EXPECT_EQ(look_for(4min), std::vector{Kind::stepped});
    EXPECT_EQ(clock_.now(), before + 4min);
    machine_.jump(-by);
    EXPECT_EQ(look_for(10min), std::vector{Kind::undone});
    EXPECT_EQ(clock_.now(), machine_.now());
  }
}

TEST_F(GuardedClockTest, LastingJumpIsFollowedAfterItsProof) {
  machine_.jump(year);
  EXPECT_EQ(look_for(GuardedClock::proof), std::vector{Kind::stepped});
  EXPECT_EQ(clock_.now(), start_ + GuardedClock::proof);
  EXPECT_EQ(look_for(2s), std::vector{Kind::accepted});
  EXPECT_EQ(clock_.now(), machine_.now());
  EXPECT_EQ(clock_.now(), start_ + year + GuardedClock::proof + 2s);
}

TEST_F(GuardedClockTest, AnotherJumpRestartsTheProof) {
  machine_.jump(year);
  EXPECT_EQ(look_for(4min), std::vector{Kind::stepped});
  machine_.jump(1h);
  EXPECT_EQ(look_for(4min), std::vector{Kind::stepped});
  EXPECT_EQ(clock_.now(), start_ + 8min);
}

TEST_F(GuardedClockTest, SmallStepsAndSlowDriftAreFollowedAtOnce) {
  for (int i = 0; i < 1000; ++i) {
    machine_.jump(i % 3 == 0 ? -900ms : 500ms);
    EXPECT_EQ(clock_.now(), machine_.now());
    EXPECT_FALSE(clock_.look());
    machine_.advance(1s);
  }
}

class ProvenTimeTest : public testing::Test {
 protected:
  UnixMillis now() { return time_.at(clock_.now(), clock_.steady()); }
  ManualClock clock_;
  ProvenTime time_;
};

TEST_F(ProvenTimeTest, FollowsANormalClockHoweverRarelyItIsRead) {
  EXPECT_EQ(now(), clock_.now());
  clock_.advance(24h * 400);
  EXPECT_EQ(now(), clock_.now());
  EXPECT_EQ(time_.unproven(), 0ms);
}

TEST_F(ProvenTimeTest, JumpForwardIsFollowedAfterADay) {
  const UnixMillis start = now();
  clock_.jump(year);
  EXPECT_EQ(now(), start);
  EXPECT_EQ(time_.unproven(), year);
  clock_.advance(ProvenTime::proof - 1ms);
  EXPECT_EQ(now(), start + ProvenTime::proof - 1ms);
  clock_.advance(1ms);
  EXPECT_EQ(now(), clock_.now());
  EXPECT_EQ(time_.unproven(), 0ms);
}

TEST_F(ProvenTimeTest, JumpThatIsTakenBackHasNoEffect) {
  now();
  clock_.jump(year);
  now();
  clock_.advance(23h);
  now();
  clock_.jump(-year);
  EXPECT_EQ(now(), clock_.now());
  clock_.advance(2h);
  EXPECT_EQ(now(), clock_.now());
}

TEST_F(ProvenTimeTest, EveryJumpIsProvenByItselfWhateverJumpsFollow) {
  now();
  for (int i = 0; i < 100; ++i) {
    clock_.jump(1h);
    now();
    clock_.advance(12h);
    const UnixMillis believed = now();
    EXPECT_EQ(believed + time_.unproven(), clock_.now());
    EXPECT_LE(time_.unproven(), 2h) << i;
  }
  clock_.advance(12h);
  EXPECT_EQ(now(), clock_.now());
}

TEST_F(ProvenTimeTest, MoreJumpsThanItKeepsAreProvenWithTheNewest) {
  now();
  const auto count = static_cast<int>(ProvenTime::jumps_max) * 3;
  for (int i = 0; i < count; ++i) {
    clock_.jump(1min);
    now();
    clock_.advance(1min);
  }
  EXPECT_EQ(now() + 1min * count, clock_.now());
  clock_.advance(ProvenTime::proof - 2min);
  now();
  EXPECT_GT(time_.unproven(), 0ms);
  clock_.advance(2min);
  EXPECT_EQ(now(), clock_.now());
}

TEST_F(ProvenTimeTest, StepBackCancelsTheNewestJumpsFirst) {
  now();
  clock_.jump(1h);
  now();
  clock_.advance(23h);
  now();
  clock_.jump(year);
  now();
  clock_.jump(-year - 10min);
  now();
  EXPECT_EQ(time_.unproven(), 50min);
  clock_.advance(1h);
  EXPECT_EQ(now(), clock_.now());
}

/// CLOCK_MONOTONIC stands still in a machine that sleeps: each sleep would be a jump of the wall clock.
TEST(SystemClock, SteadyTimeContinuesWhileTheMachineSleeps) {
  timespec before{}, after{};
  clock_gettime(CLOCK_BOOTTIME, &before);
  const auto read = Clock::system().steady().time_since_epoch();
  clock_gettime(CLOCK_BOOTTIME, &after);
  const auto duration = [](const timespec& time) {
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
  };
  EXPECT_GE(read, duration(before));
  EXPECT_LE(read, duration(after));
}

TEST_F(ProvenTimeTest, AStepBackIsFollowedAtOnceAndForwardAgainAfterADay) {
  now();
  clock_.jump(-year);
  const UnixMillis low = now();
  EXPECT_EQ(low, clock_.now());
  clock_.jump(year);
  EXPECT_EQ(now(), low);
}

TEST_F(ProvenTimeTest, StartsFromTheKnownTime) {
  ProvenTime time(clock_.now());
  clock_.advance(year);
  const auto first = time.at(clock_.now(), clock_.steady());
  EXPECT_EQ(first + year, clock_.now());
  clock_.advance(24h);
  EXPECT_EQ(time.at(clock_.now(), clock_.steady()), clock_.now());
  ProvenTime ahead(clock_.now() + year);
  EXPECT_EQ(ahead.at(clock_.now(), clock_.steady()), clock_.now());
}

}  // namespace
}  // namespace triggers
