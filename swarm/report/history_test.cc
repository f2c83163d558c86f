#include "swarm/report/history.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

/// A second with so many requests.
Entry second_of(std::uint64_t requests) {
  Entry entry;
  for (std::uint64_t i = 0; i < requests; ++i) entry.add({.latency = 1ms, .finished = 1});
  return entry;
}

TEST(History, IsAPointASecondWhileItIsShort) {
  History history;
  for (int i = 0; i < 10; ++i) history.add(100 + i, 1, 5, second_of(3));
  ASSERT_EQ(history.points().size(), 10U);
  EXPECT_EQ(history.points()[4].from, 104);
  EXPECT_EQ(history.points()[4].requests, 3U);
  EXPECT_EQ(history.points()[4].users, 5U);
}

TEST(History, ADayFitsIntoAsManyPointsAndLosesNoRequest) {
  History history;
  constexpr int calls = 24 * 360, seconds = 10;
  const Entry one = second_of(1);
  for (int i = 0; i < calls; ++i) history.add(i * seconds, seconds, 1, one);
  EXPECT_LE(history.points().size(), History::points_max);
  EXPECT_GT(history.points().size(), History::points_max / 4);
  std::uint64_t requests = 0, in_histograms = 0;
  double end = 0;
  for (const auto& point : history.points()) {
    EXPECT_DOUBLE_EQ(point.from, end);  // no gap, no overlap
    end = point.from + point.seconds;
    requests += point.requests;
    in_histograms += point.latencies.count();
  }
  EXPECT_DOUBLE_EQ(end, 24 * 3600);
  EXPECT_EQ(requests, static_cast<std::uint64_t>(calls));
  EXPECT_EQ(in_histograms, static_cast<std::uint64_t>(calls));
}

TEST(History, KeepsTheLastSecondsAsTheyWereHoweverLongTheTestIs) {
  History history;
  for (int i = 0; i < 5000; ++i) history.add(i, 1, 1, second_of(static_cast<std::uint64_t>(i % 7)));
  ASSERT_EQ(history.recent().size(), History::recent_max);
  EXPECT_EQ(history.recent().back().from, 4999);
  EXPECT_EQ(history.recent().back().seconds, 1);
  EXPECT_EQ(history.recent().back().requests, 4999U % 7);
  EXPECT_GT(history.points().front().seconds, 1);
}

TEST(History, IsEmptyBeforeTheFirstSecond) {
  const History history;
  EXPECT_TRUE(history.points().empty());
  EXPECT_TRUE(history.recent().empty());
}

}  // namespace
}  // namespace triggers::swarm
