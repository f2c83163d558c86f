#include "swarm/load/load_curve.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// 0 to 100 in 10 s, 100 for 20 s, at once to 50, 50 for 10 s, to 0 in 10 s.
LoadCurve usual() { return LoadCurve::of_stages({{10s, 100}, {20s, 100}, {0s, 50}, {10s, 50}, {10s, 0}}); }

struct Point {
  nanoseconds time;
  double target, area;
};
class LoadCurveAt : public testing::TestWithParam<Point> {};

TEST_P(LoadCurveAt, HasItsTargetAndTheAreaSoFar) {
  const auto [time, target, area] = GetParam();
  EXPECT_DOUBLE_EQ(usual().at(time), target);
  EXPECT_DOUBLE_EQ(usual().area_until(time), area);
}

INSTANTIATE_TEST_SUITE_P(Times, LoadCurveAt,
                         testing::Values(Point{-1s, 0, 0}, Point{0s, 0, 0}, Point{1s, 10, 5}, Point{5s, 50, 125},
                                         Point{10s, 100, 500}, Point{20s, 100, 1500}, Point{30s, 50, 2500},
                                         Point{35s, 50, 2750}, Point{40s, 50, 3000}, Point{45s, 25, 3187.5},
                                         Point{50s, 0, 3250}, Point{1h, 0, 3250}),
                         [](const auto& point) { return "Case" + std::to_string(point.index); });

struct Due {
  double area;
  nanoseconds time;
};
class LoadCurveTimeOf : public testing::TestWithParam<Due> {};

TEST_P(LoadCurveTimeOf, IsWhenTheAreaBeginsToExceedIt) {
  const auto [area, time] = GetParam();
  const auto found = usual().time_of(area);
  ASSERT_TRUE(found.has_value());
  EXPECT_NEAR(static_cast<double>(found->count()), static_cast<double>(time.count()), 2);
}

INSTANTIATE_TEST_SUITE_P(Areas, LoadCurveTimeOf,
                         testing::Values(Due{0, 0s}, Due{5, 1s}, Due{125, 5s}, Due{500, 10s}, Due{1500, 20s},
                                         Due{2500, 30s}, Due{3000, 40s}, Due{3187.5, 45s}),
                         [](const auto& due) { return "Case" + std::to_string(due.index); });

TEST(LoadCurve, KnowsItsEnds) {
  EXPECT_EQ(usual().length(), nanoseconds{50s});
  EXPECT_DOUBLE_EQ(usual().highest(), 100);
  EXPECT_DOUBLE_EQ(usual().area(), 3250);
  EXPECT_EQ(usual().time_of(3250), std::nullopt) << "the end has no task";
  EXPECT_NE(usual().time_of(3249.999), std::nullopt);
}

TEST(LoadCurve, AConstantHasNoEndAndDoesNotDriftOverADay) {
  const LoadCurve curve = LoadCurve::constant(1000.0 / 3);
  EXPECT_EQ(curve.length(), std::nullopt);
  EXPECT_EQ(curve.area(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(curve.time_of(28'800'000), nanoseconds{24h});
  EXPECT_DOUBLE_EQ(curve.at(24h), 1000.0 / 3);
  EXPECT_DOUBLE_EQ(curve.area_until(24h), 28'800'000);
}

TEST(LoadCurve, NothingIsDueWhileTheTargetIsZero) {
  const LoadCurve curve = LoadCurve::of_stages({{10s, 0}, {0s, 10}, {1s, 10}, {0s, 0}, {5s, 0}, {0s, 10}, {1s, 10}});
  EXPECT_EQ(curve.time_of(0), nanoseconds{10s});
  EXPECT_EQ(curve.time_of(9), nanoseconds{10900ms});
  EXPECT_EQ(curve.time_of(10), nanoseconds{16s});
  EXPECT_EQ(curve.time_of(20), std::nullopt);
  EXPECT_EQ(LoadCurve::constant(0).time_of(0), std::nullopt);
  EXPECT_EQ(LoadCurve::of_stages({{10s, 0}}).time_of(0), std::nullopt);
  EXPECT_EQ(LoadCurve::of_stages({}).time_of(0), std::nullopt);
}

TEST(LoadCurve, TimesGrowWithTheAreaOverEveryStage) {
  const LoadCurve curve = usual();
  nanoseconds last{-1};
  for (int number = 0; number < 3250; ++number) {
    const auto time = curve.time_of(number);
    ASSERT_TRUE(time.has_value()) << number;
    EXPECT_GT(*time, last) << number;
    EXPECT_NEAR(curve.area_until(*time), number, 1e-5);
    last = *time;
  }
}

}  // namespace
}  // namespace triggers::swarm
