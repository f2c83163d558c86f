#include "swarm/stats/per_second.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace triggers::swarm {
namespace {

using testing::ElementsAre;
using Count = PerSecond::Count;

PerSecond counts_of(const std::vector<Count>& counts) {
  PerSecond all;
  for (const auto& [second, count] : counts) all.add(second, count);
  return all;
}

TEST(PerSecond, CountsOfOneSecondAreOne) {
  EXPECT_THAT(counts_of({{7, 1}, {7, 2}, {8, 1}, {10, 4}}).by_second(),
              ElementsAre(Count{7, 3}, Count{8, 1}, Count{10, 4}));
}

TEST(PerSecond, AClockThatGoesBackKeepsTheOrder) {
  EXPECT_THAT(counts_of({{9, 1}, {7, 1}, {8, 1}, {7, 1}, {9, 1}}).by_second(),
              ElementsAre(Count{7, 2}, Count{8, 1}, Count{9, 2}));
}

TEST(PerSecond, ASumIncludesBothEnds) {
  const PerSecond counts = counts_of({{7, 1}, {8, 10}, {10, 100}});
  EXPECT_EQ(counts.sum(7, 10), 111U);
  EXPECT_EQ(counts.sum(8, 9), 10U);
  EXPECT_EQ(counts.sum(9, 9), 0U);
  EXPECT_EQ(counts.sum(11, 20), 0U);
  EXPECT_EQ(counts.sum(9, 8), 0U);
}

TEST(PerSecond, MergingIsAdding) {
  const std::vector<Count> old{{1, 1}, {4, 1}, {5, 1}};
  for (const std::vector<Count>& newer :
       {std::vector<Count>{}, {{6, 2}}, {{5, 2}}, {{4, 2}, {7, 2}}, {{0, 2}, {2, 2}, {9, 2}}, {{3, 2}, {4, 2}}}) {
    PerSecond merged = counts_of(old);
    merged.merge(counts_of(newer));
    PerSecond added = counts_of(old);
    for (const auto& [second, count] : newer) added.add(second, count);
    EXPECT_EQ(merged.by_second(), added.by_second());
  }
}

TEST(PerSecond, OfALongTimeOnlyTheNewestAreKept) {
  constexpr auto seconds = static_cast<std::int64_t>(10 * PerSecond::seconds_kept);
  PerSecond added, merged;
  for (std::int64_t second = 0; second < seconds; ++second) {
    added.add(second, 2);
    merged.merge(counts_of({{second, 2}}));
    for (const PerSecond* counts : {&added, &merged}) {
      ASSERT_LE(counts->by_second().size(), 2 * PerSecond::seconds_kept);
      const auto first = std::max<std::int64_t>(0, second + 1 - static_cast<std::int64_t>(PerSecond::seconds_kept));
      ASSERT_EQ(counts->sum(first, second), static_cast<std::uint64_t>(2 * (second + 1 - first)));
    }
  }
}

TEST(PerSecond, ASecondWithoutACountIsNotKept) { EXPECT_THAT(counts_of({{3, 0}}).by_second(), testing::IsEmpty()); }

}  // namespace
}  // namespace triggers::swarm
