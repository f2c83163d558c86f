// When tasks are due, and why some were not sent.

#include "swarm/load/arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "swarm/load/schedule.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

const MonotonicTime start{1h};

Arrivals evenly(double rate, ArrivalShare share = {}) {
  return {start, LoadCurve::constant(rate), ArrivalSpread::constant, share};
}

TEST(Arrivals, AreEvenlySpacedFromTheStart) {
  Arrivals arrivals = evenly(4);
  EXPECT_EQ(arrivals.begin(), start);
  EXPECT_EQ(arrivals.begin(), start + 250ms);
  EXPECT_EQ(arrivals.next_due(), start + 500ms);
}

TEST(Arrivals, ThreadsTakeTurns) {
  Arrivals first = evenly(10, {.index = 0, .threads = 2}), second = evenly(10, {.index = 1, .threads = 2});
  EXPECT_EQ(first.begin(), start);
  EXPECT_EQ(second.begin(), start + 100ms);
  EXPECT_EQ(first.begin(), start + 200ms);
  EXPECT_EQ(second.next_due(), start + 300ms);
}

TEST(Arrivals, CountWhatIsDueAndHasNotBegun) {
  Arrivals arrivals = evenly(10);
  EXPECT_EQ(arrivals.waiting(start - 1ns), 0U);
  EXPECT_EQ(arrivals.waiting(start), 1U);
  EXPECT_EQ(arrivals.waiting(start + 2s), 21U);
  arrivals.begin();
  EXPECT_EQ(arrivals.waiting(start), 0U);
  EXPECT_EQ(arrivals.waiting(start + 2s), 20U);
}

TEST(Arrivals, AddTheAgesOfWhatWaits) {
  Histogram ages;
  evenly(10).add_ages(start + 900ms, ages);
  EXPECT_EQ(ages.count(), 10U);
  EXPECT_EQ(ages.quantile(0), 0ms);
  EXPECT_NEAR(std::chrono::duration<double>(ages.quantile(1)).count(), 0.9, 0.01);
  Histogram many;
  evenly(1'000'000).add_ages(start + 10s, many);
  EXPECT_EQ(many.count(), 10'000'001U);
  EXPECT_NEAR(std::chrono::duration<double>(many.quantile(0.5)).count(), 5, 0.1);
}

TEST(Arrivals, SkipWhatWasDueBefore) {
  Arrivals arrivals = evenly(10);
  arrivals.skip_to(start);
  EXPECT_EQ(arrivals.next_due(), start);
  arrivals.skip_to(start + 1s);
  EXPECT_EQ(arrivals.next_due(), start + 1s);
  EXPECT_EQ(arrivals.waiting(start + 2s), 11U);
}

TEST(Arrivals, FollowStagesAndEndWithThem) {
  // 0 to 10 tasks a second in 2 s: the task number n is due when the square of the time is n / 2.5.
  Arrivals arrivals(start, LoadCurve::of_stages({{2s, 10}}), ArrivalSpread::constant, {});
  for (int number = 0; number < 10; ++number) {
    const double seconds = std::chrono::duration<double>(arrivals.begin() - start).count();
    EXPECT_NEAR(seconds, std::sqrt(number / 2.5), 1e-6);
  }
  EXPECT_EQ(arrivals.next_due(), MonotonicTime::max());
  EXPECT_EQ(arrivals.waiting(start + 1h), 0U);
}

TEST(Arrivals, OfStagesThatAreOverAreAllDue) {
  const Arrivals arrivals(start, LoadCurve::of_stages({{2s, 10}}), ArrivalSpread::constant, {});
  EXPECT_EQ(arrivals.waiting(start + 1h), 10U);
}

TEST(Schedule, SaysWhyTheOldestTasksWereNotSentFirst) {
  struct Case {
    std::uint64_t waiting, without_user, late, behind;
  };
  for (const Case& one :
       {Case{100, 100, 90, 0}, Case{100, 0, 90, 90}, Case{100, 0, 0, 0}, Case{100, 60, 90, 30}, Case{100, 95, 90, 0}}) {
    Schedule schedule;
    schedule.add_unsent(one.waiting, one.without_user, one.late);
    EXPECT_EQ(schedule.unsent, one.waiting);
    EXPECT_EQ(schedule.unsent_without_user, one.without_user);
    EXPECT_EQ(schedule.unsent_behind, one.behind);
  }
}

TEST(PoissonArrivals, HaveExponentialDistancesWithTheMeanOfTheRate) {
  constexpr int count = 100'000;
  constexpr double rate = 1000;
  Arrivals arrivals(start, LoadCurve::constant(rate), ArrivalSpread::poisson, {});
  std::vector<double> distances;
  MonotonicTime last = start;
  for (int i = 0; i < count; ++i) {
    const MonotonicTime due = arrivals.begin();
    distances.push_back(std::chrono::duration<double>(due - last).count() * rate);
    last = due;
  }
  std::sort(distances.begin(), distances.end());
  // Kolmogorov and Smirnov: a wrong alarm once in ten million runs.
  double farthest = 0;
  for (int i = 0; i < count; ++i) {
    const double expected = 1 - std::exp(-distances[static_cast<std::size_t>(i)]);
    farthest = std::max(farthest, std::abs(expected - (i + 0.5) / count));
  }
  EXPECT_LT(farthest, 2.9 / std::sqrt(count));
}

TEST(PoissonArrivals, OfAllThreadsHaveTheWholeRate) {
  std::uint64_t count = 0;
  for (std::size_t index = 0; index < 4; ++index) {
    count += Arrivals(start, LoadCurve::constant(1000), ArrivalSpread::poisson, {.index = index, .threads = 4})
                 .waiting(start + 100s);
  }
  EXPECT_NEAR(static_cast<double>(count), 100'000, 6 * std::sqrt(100'000)) << "six standard deviations";
}

TEST(PoissonArrivals, CountWhatWillBegin) {
  Arrivals arrivals(start, LoadCurve::constant(1000), ArrivalSpread::poisson, {});
  const std::uint64_t waiting = arrivals.waiting(start + 3s);
  std::uint64_t begun = 0;
  for (; arrivals.next_due() <= start + 3s; arrivals.begin()) ++begun;
  EXPECT_EQ(begun, waiting);
  EXPECT_EQ(arrivals.waiting(start + 3s), 0U);
}

}  // namespace
}  // namespace triggers::swarm
