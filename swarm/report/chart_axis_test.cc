#include "swarm/report/chart_axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

std::vector<std::string> time_labels(double seconds) {
  const auto ticks = time_ticks(seconds);
  std::vector<std::string> labels;
  for (const double tick : ticks) labels.push_back(time_tick_label(tick, ticks));
  return labels;
}

TEST(ChartAxis, LinearTicksAreRoundAndHoldTheLargestValue) {
  EXPECT_THAT(linear_ticks(930, 4), ElementsAre(0, 250, 500, 750, 1000));
  EXPECT_THAT(linear_ticks(1000, 4), ElementsAre(0, 250, 500, 750, 1000));
  EXPECT_THAT(linear_ticks(0.013, 4), Pointwise(DoubleNear(1e-12), {0.0, 0.005, 0.01, 0.015}));
  for (double high = 1e-6; high < 1e9; high *= 1.37) {
    const auto ticks = linear_ticks(high, 4);
    EXPECT_GE(ticks.back(), high * (1 - 1e-6));
    EXPECT_LT(ticks[ticks.size() - 2], high);
    EXPECT_LE(ticks.size(), 6U) << high;
  }
}

TEST(ChartAxis, TicksOfACountAreWhole) {
  EXPECT_THAT(linear_ticks(1, 4, true), ElementsAre(0, 1));
  EXPECT_THAT(linear_ticks(10, 4, true), ElementsAre(0, 5, 10));
  for (int high = 1; high < 100'000; high += 7) {
    for (const double tick : linear_ticks(high, 4, true)) EXPECT_EQ(tick, static_cast<double>(static_cast<long>(tick)));
  }
}

TEST(ChartAxis, LogAxisOfAValueAHairBelowAPowerOfTenBeginsAtThePower) {
  EXPECT_DOUBLE_EQ(log_axis(10 * (1 - 1.5e-9), 100).low, 10);
}

TEST(ChartAxis, LogAxisHoldsEveryValueBetweenItsEndsAndHasFewTicks) {
  for (double low = 1e-5; low < 1e6; low *= 1.7) {
    for (double ratio = 1; ratio < 1e10; ratio *= 3.1) {
      const ChartAxis axis = log_axis(low, low * ratio);
      EXPECT_LE(axis.low, low * (1 + 1e-6));
      EXPECT_GE(axis.high, low * ratio * (1 - 1e-6));
      EXPECT_LT(axis.low, axis.high);
      EXPECT_GE(axis.ticks.size(), 2U) << low << " " << ratio;
      EXPECT_LE(axis.ticks.size(), 8U) << low << " " << ratio;
    }
  }
  EXPECT_THAT(log_axis(0.7, 40).ticks, Pointwise(DoubleNear(1e-9), {0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0}));
  EXPECT_THAT(log_axis(0.3, 60'000).ticks,
              Pointwise(DoubleNear(1e-6), {1.0, 10.0, 100.0, 1000.0, 10'000.0, 100'000.0}));
}

TEST(ChartAxis, PlacesAreBetweenTheEndsOfTheAxis) {
  ChartAxis axis = log_axis(1, 100);
  axis.from = 50;
  axis.to = 250;
  EXPECT_THAT(axis.place(1), DoubleEq(50));
  EXPECT_THAT(axis.place(10), DoubleNear(150, 1e-9));
  EXPECT_THAT(axis.place(1e9), DoubleEq(250));
  EXPECT_THAT(axis.place(0), DoubleEq(50));
}

TEST(ChartAxis, TimeLabelsSuitTheLengthOfTheTest) {
  EXPECT_THAT(time_labels(1), ElementsAre("0", "1 s"));
  EXPECT_THAT(time_labels(10), ElementsAre("0", "2 s", "4 s", "6 s", "8 s", "10 s"));
  EXPECT_THAT(time_labels(120), ElementsAre("0", "0:15", "0:30", "0:45", "1:00", "1:15", "1:30", "1:45", "2:00"));
  EXPECT_THAT(time_labels(300), ElementsAre("0", "1 min", "2 min", "3 min", "4 min", "5 min"));
  EXPECT_THAT(time_labels(5400), ElementsAre("0", "0:30 h", "1:00 h", "1:30 h"));
  EXPECT_THAT(time_labels(86'400), ElementsAre("0", "3 h", "6 h", "9 h", "12 h", "15 h", "18 h", "21 h", "24 h"));
  for (double seconds = 1; seconds < 1e8; seconds *= 1.3) EXPECT_LE(time_ticks(seconds).size(), 9U);
}

TEST(ChartAxis, ATimeIsShownToTheSecond) {
  EXPECT_EQ(time_label(12), "12 s");
  EXPECT_EQ(time_label(62), "1:02");
  EXPECT_EQ(time_label(3 * 3600 + 62), "3:01:02");
}

}  // namespace
}  // namespace triggers::swarm
