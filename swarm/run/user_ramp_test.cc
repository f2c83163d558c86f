#include "swarm/run/user_ramp.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using Counts = std::vector<std::size_t>;

const UserRamp::Time start{1h};
const std::vector<UserOrder::Class> one{{.weight = 1}};
const std::vector<UserOrder::Class> two_to_one{{.weight = 2}, {.weight = 1}};

TEST(UserRamp, AtARateStartsBatchesWithPauses) {
  UserRamp ramp = UserRamp::at_rate(one, 5, 2.5);
  ramp.start(start);
  EXPECT_TRUE(ramp.advance(start));
  EXPECT_EQ(ramp.wanted(), Counts{2});
  EXPECT_EQ(ramp.next(), start + 800ms);
  EXPECT_FALSE(ramp.advance(start + 799ms));
  EXPECT_TRUE(ramp.advance(start + 800ms));
  EXPECT_EQ(ramp.wanted(), Counts{4});
  EXPECT_TRUE(ramp.advance(start + 1600ms));
  EXPECT_EQ(ramp.wanted(), Counts{5});
  EXPECT_EQ(ramp.next(), UserRamp::Time::max());
}

TEST(UserRamp, AtALowRateStartsOneUserAfterTheOther) {
  UserRamp ramp = UserRamp::at_rate(one, 2, 0.1);
  ramp.start(start);
  EXPECT_TRUE(ramp.advance(start));
  EXPECT_EQ(ramp.wanted(), Counts{1});
  EXPECT_EQ(ramp.next(), start + 10s);
}

TEST(UserRamp, ANewTargetIsReachedFromTheUsersThatThereAreUpAndDown) {
  UserRamp ramp = UserRamp::at_rate(two_to_one, 3, 100);
  ramp.start(start);
  EXPECT_TRUE(ramp.advance(start));
  EXPECT_EQ(ramp.next(), UserRamp::Time::max());
  ramp.retarget(9, 4, start + 5s);
  EXPECT_EQ(ramp.peak(), 9U);
  EXPECT_EQ(ramp.next(), start + 5s);
  EXPECT_TRUE(ramp.advance(start + 5s));
  EXPECT_EQ(ramp.next(), start + 6s);
  EXPECT_TRUE(ramp.advance(start + 6s));
  EXPECT_EQ(ramp.wanted(), (Counts{6, 3}));
  EXPECT_EQ(ramp.next(), UserRamp::Time::max());
  ramp.retarget(0, 6, start + 7s);
  EXPECT_TRUE(ramp.advance(start + 7s));
  EXPECT_EQ(ramp.wanted(), (Counts{2, 1}));
  EXPECT_TRUE(ramp.advance(start + 8s));
  EXPECT_EQ(ramp.wanted(), (Counts{0, 0}));
  EXPECT_EQ(ramp.next(), UserRamp::Time::max());
}

TEST(UserRamp, ANewTargetInTheMiddleOfARampReplacesTheOldOne) {
  UserRamp ramp = UserRamp::at_rate(one, 100, 10);
  ramp.start(start);
  EXPECT_TRUE(ramp.advance(start));
  ramp.retarget(10, 10, start + 100ms);
  EXPECT_TRUE(ramp.advance(start + 100ms));
  EXPECT_EQ(ramp.wanted(), Counts{10});
  EXPECT_EQ(ramp.next(), UserRamp::Time::max());
}

TEST(UserRamp, AlongStagesFollowsTheCurveUpAndDownWithTheMixOfTheWeights) {
  UserRamp ramp = UserRamp::along(two_to_one, LoadCurve::of_stages({{10s, 30}, {5s, 30}, {10s, 0}}));
  EXPECT_EQ(ramp.peak(), 30U);
  ramp.start(start);
  struct Case {
    std::chrono::milliseconds at;
    Counts wanted;
  };
  for (const Case& one_case : {Case{0ms, {0, 0}}, Case{1000ms, {2, 1}}, Case{5000ms, {10, 5}}, Case{10000ms, {20, 10}},
                               Case{14900ms, {20, 10}}, Case{20000ms, {10, 5}}, Case{24000ms, {2, 1}}}) {
    static_cast<void>(ramp.advance(start + one_case.at));
    EXPECT_EQ(ramp.wanted(), one_case.wanted) << one_case.at.count();
    EXPECT_EQ(ramp.next(), start + one_case.at + UserRamp::step);
  }
  EXPECT_FALSE(ramp.advance(start + 25s)) << "the test ends, and stops its last users";
  EXPECT_EQ(ramp.next(), UserRamp::Time::max());
}

TEST(UserRamp, SaysWhetherTheUsersHaveChanged) {
  UserRamp ramp = UserRamp::along(one, LoadCurve::of_stages({{0s, 3}, {10s, 3}}));
  ramp.start(start);
  EXPECT_TRUE(ramp.advance(start));
  EXPECT_FALSE(ramp.advance(start + 1s));
  EXPECT_EQ(ramp.wanted(), Counts{3});
}

TEST(UserRamp, ClassesOfAFixedNumberHaveNoMoreUsers) {
  UserRamp ramp =
      UserRamp::along({{.weight = 0, .fixed_count = 2}}, LoadCurve::of_stages({{1s, 10}, {1s, 0}, {1s, 9}}));
  EXPECT_EQ(ramp.peak(), 2U);
  ramp.start(start);
  for (const auto at : {900ms, 1950ms, 2900ms}) static_cast<void>(ramp.advance(start + at));
  EXPECT_EQ(ramp.wanted(), Counts{2});
}

}  // namespace
}  // namespace triggers::swarm
