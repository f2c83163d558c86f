#include "swarm/stats/locust_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "swarm/stats/locust_vectors.h"

namespace triggers::swarm {
namespace {

using Buckets = std::map<std::uint32_t, std::uint64_t>;

LocustTimes times_of(const std::vector<double>& values) {
  LocustTimes times;
  for (const double value : values) times.add(value);
  return times;
}

class OfLocust : public testing::TestWithParam<LocustDistribution> {
 protected:
  OfLocust() {
    for (const auto& [bucket, count] : GetParam().buckets) times_.add_bucket(bucket, count);
  }

  LocustTimes times_;
};

INSTANTIATE_TEST_SUITE_P(LocustTimes, OfLocust, testing::ValuesIn(locust_distributions),
                         [](const auto& chosen) { return "Distribution" + std::to_string(chosen.index); });

TEST_P(OfLocust, ValuesFallIntoItsBuckets) {
  const Buckets expected{GetParam().buckets.begin(), GetParam().buckets.end()};
  EXPECT_EQ(times_.buckets(), expected);
  if (GetParam().values.empty()) return;
  EXPECT_EQ(times_of(GetParam().values).buckets(), expected);
}

TEST_P(OfLocust, PercentilesAreItsPercentiles) {
  for (std::size_t i = 0; i < locust_percentiles.size(); ++i) {
    EXPECT_EQ(times_.percentile(locust_percentiles[i]), GetParam().percentiles[i]) << locust_percentiles[i];
  }
}

TEST_P(OfLocust, MedianIsItsMedian) { EXPECT_EQ(times_.median(GetParam().min, GetParam().max), GetParam().median); }

TEST(LocustTimes, RoundAsLocustRounds) {
  ASSERT_FALSE(locust_buckets.empty());
  for (const auto& [response_ms, bucket_ms] : locust_buckets) {
    EXPECT_EQ(LocustTimes::bucket(response_ms), bucket_ms) << response_ms;
  }
}

TEST(LocustTimes, TheNextTimeAfterATieRoundsUp) {
  for (const double tie : {145.0, 165.0, 985.0, 1250.0, 1650.0, 8250.0, 10'500.0, 12'500.0}) {
    EXPECT_GT(LocustTimes::bucket(std::nextafter(tie, 1e9)), tie);
    EXPECT_LT(LocustTimes::bucket(std::nextafter(tie, 0)), tie);
  }
}

TEST(LocustTimes, EveryBucketRoundsToItselfAndIsKept) {
  LocustTimes times;
  Buckets expected;
  for (std::uint32_t ms = 0; ms < 200'000; ++ms) {
    const std::uint32_t bucket = LocustTimes::bucket(ms);
    EXPECT_EQ(LocustTimes::bucket(bucket), bucket);
    times.add(ms);
    ++expected[bucket];
  }
  EXPECT_EQ(times.buckets(), expected);
  EXPECT_EQ(times.count(), 200'000U);
}

TEST(LocustTimes, AreBoundedAtBothEnds) {
  EXPECT_EQ(LocustTimes::bucket(-1), 0U);
  EXPECT_EQ(LocustTimes::bucket(1e300), LocustTimes::longest_ms);
  EXPECT_EQ(times_of({1e300}).percentile(0.5), LocustTimes::longest_ms);
}

TEST(LocustTimes, MergingIsAdding) {
  LocustTimes merged = times_of({1, 20, 300});
  merged.merge(times_of({20, 4000, 50'000}));
  EXPECT_EQ(merged.buckets(), times_of({1, 20, 20, 300, 4000, 50'000}).buckets());
  EXPECT_EQ(merged.count(), 6U);
}

TEST(LocustTimes, SinceIsWhatWasAddedAfterwards) {
  const LocustTimes earlier = times_of({1, 20, 20});
  LocustTimes now = earlier;
  for (const double value : {20.0, 7.0, 3000.0}) now.add(value);
  EXPECT_EQ(now.since(earlier).buckets(), times_of({7, 20, 3000}).buckets());
  EXPECT_EQ(now.since(earlier).percentile(1.0), 3000U);
  EXPECT_EQ(now.since(now).count(), 0U);
  EXPECT_EQ(now.since(now).percentile(0.5), 0U);
}

TEST(LocustTimes, OfNothingAreZero) {
  EXPECT_EQ(LocustTimes{}.percentile(0.5), 0U);
  EXPECT_EQ(LocustTimes{}.median(0, 0), 0);
  EXPECT_THAT(LocustTimes{}.buckets(), testing::IsEmpty());
}

}  // namespace
}  // namespace triggers::swarm
