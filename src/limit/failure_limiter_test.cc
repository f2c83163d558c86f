#include "limit/failure_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace triggers::limit {
namespace {

using namespace std::chrono_literals;

const Time start{1h};

TEST(FailureLimiter, RefusesAfterNAndSaysWhenToRetry) {
  FailureLimiter limiter(30);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(limiter.record_failure("10.0.0.1", start).allowed);
  const auto refused = limiter.record_failure("10.0.0.1", start);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 2s);
  EXPECT_TRUE(limiter.record_failure("10.0.0.2", start).allowed);
  EXPECT_TRUE(limiter.record_failure("10.0.0.1", start + 2s).allowed);
}

TEST(FailureLimiter, ForgivenFailuresDoNotCount) {
  FailureLimiter limiter(2);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(limiter.record_failure("10.0.0.1", start).allowed);
    limiter.forgive("10.0.0.1", start);
  }
  EXPECT_TRUE(limiter.record_failure("10.0.0.1", start).allowed);
  EXPECT_TRUE(limiter.record_failure("10.0.0.1", start).allowed);
  EXPECT_FALSE(limiter.record_failure("10.0.0.1", start).allowed);
  limiter.forgive("10.0.0.9", start);
  limiter.forgive("10.0.0.1", start + 10min);
  EXPECT_TRUE(limiter.record_failure("10.0.0.1", start + 10min).allowed);
  EXPECT_TRUE(limiter.record_failure("10.0.0.1", start + 10min).allowed);
  EXPECT_FALSE(limiter.record_failure("10.0.0.1", start + 10min).allowed) << "never more than full";
}

TEST(FailureLimiter, CountsIpv6By64AndIpv4WhateverItsForm) {
  FailureLimiter limiter(1);
  EXPECT_TRUE(limiter.record_failure("2001:db8:0:1::1", start).allowed);
  EXPECT_FALSE(limiter.record_failure("2001:db8:0:1:ffff::2", start).allowed);
  EXPECT_TRUE(limiter.record_failure("2001:db8:0:2::1", start).allowed);
  EXPECT_TRUE(limiter.record_failure("192.0.2.1", start).allowed);
  EXPECT_FALSE(limiter.record_failure("::ffff:192.0.2.1", start).allowed);
  EXPECT_TRUE(limiter.record_failure("192.0.2.2", start).allowed);
  EXPECT_TRUE(limiter.record_failure("garbage", start).allowed);
  EXPECT_FALSE(limiter.record_failure("other garbage", start).allowed);
}

TEST(FailureLimiter, ZeroIsNoLimit) {
  FailureLimiter limiter(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.record_failure("10.0.0.1", start).allowed);
}

TEST(FailureLimiter, FloodOfAddressesDoesNotFreeTheWorstOne) {
  FailureLimiter limiter(30, 1024);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(limiter.record_failure("10.0.0.1", start).allowed);
  for (int i = 0; i < 20'000; ++i) {
    const auto address =
        "11." + std::to_string(i / 65'536) + "." + std::to_string(i / 256 % 256) + "." + std::to_string(i % 256);
    EXPECT_TRUE(limiter.record_failure(address, start).allowed);
  }
  EXPECT_FALSE(limiter.record_failure("10.0.0.1", start).allowed);
}

TEST(FailureLimiter, RacingThreadsAreCountedExactly) {
  FailureLimiter limiter(1000);
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) allowed += limiter.record_failure("10.0.0.1", start).allowed ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(allowed, 1000);
}

}  // namespace
}  // namespace triggers::limit
