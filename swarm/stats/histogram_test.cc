#include "swarm/stats/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <random>

namespace triggers::swarm {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// A generator whose seed is printed; TRIGGERS_TEST_SEED repeats a run.
std::mt19937_64 seeded() {
  const char* const chosen = std::getenv("TRIGGERS_TEST_SEED");
  const auto seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device{}();
  std::cout << "TRIGGERS_TEST_SEED=" << seed << '\n';
  return std::mt19937_64{seed};
}

/// From 1 ns to the longest, as many in each power of ten.
nanoseconds random_duration(std::mt19937_64& random) {
  const double top = std::log(static_cast<double>(Histogram::longest.count()));
  return nanoseconds{std::llround(std::exp(std::uniform_real_distribution<>(0, top)(random)))};
}

std::vector<nanoseconds> random_durations(std::mt19937_64& random, std::size_t count) {
  std::vector<nanoseconds> durations(count);
  for (auto& duration : durations) duration = random_duration(random);
  return durations;
}

Histogram histogram_of(const std::vector<nanoseconds>& durations) {
  Histogram histogram;
  for (const auto duration : durations) histogram.add(duration);
  return histogram;
}

double relative_error(nanoseconds found, nanoseconds expected) {
  return std::abs(static_cast<double>((found - expected).count())) / static_cast<double>(expected.count());
}

TEST(Histogram, EveryQuantileIsWithinOnePercentOfTheTrueOne) {
  auto random = seeded();
  for (int round = 0; round < 50; ++round) {
    auto durations = random_durations(random, 1 + random() % 2000);
    const Histogram histogram = histogram_of(durations);
    std::sort(durations.begin(), durations.end());
    for (const double quantile : {0.0, 0.01, 0.07, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0}) {
      // In whole numbers, so that the expectation is not rounded as the code rounds.
      const auto ten_thousandths = static_cast<std::size_t>(std::llround(quantile * 10'000));
      const std::size_t rank = std::max<std::size_t>(1, (durations.size() * ten_thousandths + 9'999) / 10'000);
      EXPECT_LE(relative_error(histogram.quantile(quantile), durations[rank - 1]), 0.01)
          << quantile << " of " << durations.size();
    }
  }
}

TEST(Histogram, OneDurationIsEveryQuantile) {
  auto random = seeded();
  for (int round = 0; round < 1000; ++round) {
    const auto duration = random_duration(random);
    const Histogram histogram = histogram_of({duration});
    for (const double quantile : {0.0, 0.5, 1.0}) {
      EXPECT_LE(relative_error(histogram.quantile(quantile), duration), 0.01) << duration.count();
    }
  }
}

TEST(Histogram, ShortDurationsAreExact) {
  for (int ns = 0; ns < 256; ++ns) EXPECT_EQ(histogram_of({nanoseconds{ns}}).quantile(0.5), nanoseconds{ns});
}

TEST(Histogram, BucketsHoldTheirDurationsWithoutGapsOrOverlaps) {
  auto random = seeded();
  const auto durations = random_durations(random, 20'000);
  const auto buckets = histogram_of(durations).buckets();
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const auto& bucket = buckets[i];
    EXPECT_GE(bucket.from, i == 0 ? 0ns : buckets[i - 1].to);
    EXPECT_LE((bucket.to - bucket.from).count() * 128, std::max<std::int64_t>(128, bucket.from.count()));
    EXPECT_EQ(bucket.count, static_cast<std::uint64_t>(std::count_if(durations.begin(), durations.end(), [&](auto one) {
                return one >= bucket.from && one < bucket.to;
              })));
    count += bucket.count;
  }
  EXPECT_EQ(count, durations.size());
}

TEST(Histogram, MergingIsAdding) {
  auto random = seeded();
  const auto some = random_durations(random, 500), others = random_durations(random, 700);
  Histogram merged = histogram_of(some);
  merged.merge(histogram_of(others));
  auto all = some;
  all.insert(all.end(), others.begin(), others.end());
  const Histogram expected = histogram_of(all);
  EXPECT_EQ(merged.count(), 1200U);
  for (double quantile = 0; quantile <= 1; quantile += 0.001) {
    EXPECT_EQ(merged.quantile(quantile), expected.quantile(quantile));
  }
  Histogram turned = histogram_of(others);
  turned.merge(histogram_of(some));
  EXPECT_EQ(turned.quantile(0.3), expected.quantile(0.3));
}

TEST(Histogram, OfNothingIsZero) {
  Histogram nothing;
  nothing.merge(Histogram{});
  EXPECT_EQ(nothing.count(), 0U);
  EXPECT_EQ(nothing.quantile(0.99), 0ns);
  EXPECT_THAT(nothing.buckets(), testing::IsEmpty());
}

TEST(Histogram, ExtremesAreTheShortestAndTheLongest) {
  const Histogram histogram = histogram_of({1ms, 5ms, 10s});
  EXPECT_LE(relative_error(histogram.quantile(0), 1ms), 0.01);
  EXPECT_LE(relative_error(histogram.quantile(1), 10s), 0.01);
}

TEST(Histogram, ASlowOneOfAHundredIsP99OnlyIfItIsTheSecond) {
  Histogram histogram;
  histogram.add(1ms, 99);
  histogram.add(2s);
  EXPECT_LE(relative_error(histogram.quantile(0.99), 1ms), 0.01);
  histogram.add(2s);
  EXPECT_LE(relative_error(histogram.quantile(0.99), 2s), 0.01);
}

TEST(Histogram, TooLongCountsAsTheLongestAndNegativeAsZero) {
  EXPECT_LE(relative_error(histogram_of({100h}).quantile(0.5), Histogram::longest), 0.01);
  EXPECT_EQ(histogram_of({nanoseconds{-5}}).quantile(0.5), 0ns);
}

}  // namespace
}  // namespace triggers::swarm
