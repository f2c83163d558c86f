#include "swarm/report/unended_latencies.h"

#include <gtest/gtest.h>

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

/// A thousand requests of 1 ms.
Entry quick_requests() {
  Entry entry;
  for (int i = 0; i < 1000; ++i) entry.add({.latency = 1ms, .finished = 1001});
  return entry;
}

CutOff cut_off_after(std::chrono::nanoseconds age, int requests) {
  CutOff cut_off;
  for (int i = 0; i < requests; ++i) cut_off.add(age);
  return cut_off;
}

TEST(Waiting, RequestsYoungerThanTheLimitAreIgnored) {
  Entry entry = quick_requests();
  add_cut_off(entry, cut_off_after(90ms, 100), 100ms, 1ms);
  EXPECT_EQ(entry.requests, 1000U);
  EXPECT_LT(entry.latency_ms(1), 1.1);
}

TEST(Waiting, AStallWeighsAsMuchAsTheTimeThatItTook) {
  // One user, a request each ms: the second half of two seconds is a stall.
  Entry entry = quick_requests();
  add_cut_off(entry, cut_off_after(1s, 1), 100ms, 1ms);
  EXPECT_NEAR(static_cast<double>(entry.requests), 1900, 2) << "those that would have been over the limit";
  EXPECT_NEAR(entry.latency_ms(0.95), 905, 20);
  EXPECT_EQ(entry.response_ms_max, 1000);
}

TEST(Waiting, ALongStallTakesFewSteps) {
  Entry entry = quick_requests();
  add_cut_off(entry, cut_off_after(1h, 1), 1ms, 1us);
  EXPECT_NEAR(static_cast<double>(entry.requests), 3.6e9, 4e7);
}

TEST(Waiting, WithoutAnIntervalARequestStandsForItself) {
  Entry entry = quick_requests();
  add_cut_off(entry, cut_off_after(1s, 3), 100ms, 0ns);
  EXPECT_EQ(entry.requests, 1003U);
}

TEST(Waiting, OfASchedulesTasksANameHasItsShare) {
  Entry entry = quick_requests();
  Histogram ages;
  ages.add(1s, 100);
  ages.add(1ms, 100);
  add_waiting(entry, ages, 100ms, 0.5);
  EXPECT_EQ(entry.requests, 1050U);
  EXPECT_GT(entry.latency_ms(1), 990);
}

}  // namespace
}  // namespace triggers::swarm
