#include "limit/token_bucket.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace triggers::limit {
namespace {

using namespace std::chrono_literals;

const Time start{1h};

int take_all(TokenBucket& bucket, Time now) {
  int taken = 0;
  while (bucket.take(now).allowed) ++taken;
  return taken;
}

TEST(TokenBucket, HoldsExactlyNWhateverNIs) {
  for (const std::uint32_t n : {1U, 7U, 59U, 60U, 61U, 100U, 99'999U, 6'666'667U / 100}) {
    TokenBucket bucket(n);
    EXPECT_EQ(take_all(bucket, start), static_cast<int>(n));
  }
}

TEST(TokenBucket, HoldsExactlyNAtTheLargestRate) {
  TokenBucket bucket(9'999'999);
  EXPECT_EQ(take_all(bucket, start), 9'999'999);
}

TEST(TokenBucket, RetryAfterIsExactToTheNanosecond) {
  for (const std::uint32_t n : {1U, 7U, 100U, 12'345U}) {
    TokenBucket bucket(n);
    take_all(bucket, start);
    const auto refused = bucket.take(start + 1ns);
    ASSERT_FALSE(refused.allowed);
    ASSERT_GT(refused.retry_after, 0ns);
    EXPECT_FALSE(bucket.take(start + 1ns + refused.retry_after - 1ns).allowed) << n;
    EXPECT_TRUE(bucket.take(start + 1ns + refused.retry_after).allowed) << n;
  }
}

TEST(TokenBucket, TellsWhatRemainsAndWhenItIsFull) {
  TokenBucket bucket(60);
  const auto first = bucket.take(start);
  EXPECT_TRUE(first.allowed);
  EXPECT_EQ(first.limit, 60U);
  EXPECT_EQ(first.remaining, 59U);
  EXPECT_EQ(first.reset, 1s);
  EXPECT_EQ(first.retry_after, 0ns);
  take_all(bucket, start);
  const auto refused = bucket.take(start);
  EXPECT_EQ(refused.remaining, 0U);
  EXPECT_EQ(refused.reset, 60s);
  EXPECT_EQ(refused.retry_after, 1s);
  EXPECT_EQ(bucket.take(start + 30s).remaining, 29U);
}

TEST(TokenBucket, IdleTimeFillsItOnceOnly) {
  TokenBucket bucket(100);
  take_all(bucket, start);
  EXPECT_EQ(take_all(bucket, start + 24h), 100);
}

TEST(TokenBucket, OlderNowOfAnotherThreadTakesNoneTwice) {
  TokenBucket bucket(2);
  EXPECT_TRUE(bucket.take(start).allowed);
  EXPECT_FALSE(bucket.take(start - 1ms).allowed);
  EXPECT_EQ(take_all(bucket, start), 1);
}

TEST(TokenBucket, UnlimitedNeverRefuses) {
  TokenBucket bucket(std::nullopt);
  for (int i = 0; i < 1000; ++i) {
    const auto decision = bucket.take(start);
    ASSERT_TRUE(decision.allowed);
    ASSERT_FALSE(decision.limit);
  }
}

TEST(TokenBucket, ChangeOfNKeepsTheUsedShare) {
  TokenBucket bucket(100);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(bucket.take(start).allowed);
  bucket.set_rate(1000);
  EXPECT_EQ(bucket.charge(start, 0).remaining, 500U);
  bucket.set_rate(10);
  EXPECT_EQ(bucket.charge(start, 0).remaining, 5U);
  EXPECT_EQ(take_all(bucket, start), 5);
  bucket.set_rate(1000);
  EXPECT_FALSE(bucket.take(start).allowed);
  bucket.set_rate(std::nullopt);
  EXPECT_TRUE(bucket.take(start).allowed);
}

TEST(TokenBucket, RacingThreadsTakeExactlyWhatIsThere) {
  constexpr int capacity = 20'000;
  TokenBucket bucket(capacity);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < capacity / 4; ++i) taken += bucket.take(start).allowed ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(taken, capacity);
}

TEST(TokenBucket, ChargeTakesWhatRemainsAndOwesTheRest) {
  TokenBucket bucket(60);
  EXPECT_EQ(bucket.charge(start, 10).remaining, 50U);
  const auto owing = bucket.charge(start, 80);
  EXPECT_TRUE(owing.allowed);
  EXPECT_EQ(owing.remaining, 0U);
  EXPECT_EQ(owing.reset, 90s);
  const auto refused = bucket.take(start);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 31s);
  EXPECT_FALSE(bucket.take(start + 30s).allowed);
  EXPECT_TRUE(bucket.take(start + 31s).allowed);
  TokenBucket unlimited(std::nullopt);
  EXPECT_FALSE(unlimited.charge(start, 1'000).limit);
}

}  // namespace
}  // namespace triggers::limit
