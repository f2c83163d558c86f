#include "swarm/load/arrivals.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

TEST(Arrivals, AreEvenlySpacedFromTheStart) {
  const MonotonicTime start{1h};
  Arrivals arrivals(start, 4);
  EXPECT_EQ(arrivals.begin(), start);
  EXPECT_EQ(arrivals.begin(), start + 250ms);
  EXPECT_EQ(arrivals.next_due(), start + 500ms);
}

TEST(Arrivals, DoNotDriftOverADay) {
  const MonotonicTime start{1h};
  const Arrivals arrivals(start, 1000.0 / 3);
  EXPECT_EQ(arrivals.due(28'800'000), start + 24h);
}

TEST(Arrivals, CountWhatIsDueAndHasNotBegun) {
  const MonotonicTime start{1h};
  Arrivals arrivals(start, 10);
  EXPECT_EQ(arrivals.waiting(start - 1ns), 0U);
  EXPECT_EQ(arrivals.waiting(start), 1U);
  EXPECT_EQ(arrivals.waiting(start + 2s), 21U);
  arrivals.begin();
  EXPECT_EQ(arrivals.waiting(start), 0U);
  EXPECT_EQ(arrivals.waiting(start + 2s), 20U);
}

TEST(Arrivals, SkipWhatWasDueBefore) {
  const MonotonicTime start{1h};
  Arrivals arrivals(start, 10);
  arrivals.skip_to(start);
  EXPECT_EQ(arrivals.next_due(), start);
  arrivals.skip_to(start + 1s);
  EXPECT_EQ(arrivals.next_due(), start + 1s);
  EXPECT_EQ(arrivals.waiting(start + 2s), 11U);
}

}  // namespace
}  // namespace triggers::swarm
