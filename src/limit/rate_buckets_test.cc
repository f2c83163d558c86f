#include "limit/rate_buckets.h"

#include <gtest/gtest.h>

namespace triggers::limit {
namespace {

using namespace std::chrono_literals;

const TokenBucket::Time start{1h};

TEST(RateBucketsTest, HandlesOfOneNameAreOneBucket) {
  RateBuckets buckets;
  const auto bucket = buckets.bucket("key_1", 1);
  EXPECT_TRUE(bucket->own.take(start).allowed);
  EXPECT_FALSE(buckets.bucket("key_1", 1)->own.take(start).allowed);
  EXPECT_TRUE(buckets.bucket("key_2", 1)->own.take(start).allowed);
}

TEST(RateBucketsTest, BucketTakesTheNewestRate) {
  RateBuckets buckets;
  const auto bucket = buckets.bucket("key_1", 10);
  EXPECT_EQ(buckets.bucket("key_1", 20), bucket);
  EXPECT_EQ(bucket->own.take(start).limit, 20U);
  EXPECT_EQ(buckets.bucket("key_1", std::nullopt)->own.take(start).limit, std::nullopt);
}

TEST(RateBucketsTest, UnusedBucketIsKeptUntilItIsFullAgain) {
  RateBuckets buckets;
  EXPECT_TRUE(buckets.bucket("key_1", 1)->own.take(start).allowed);
  buckets.forget_unused(start + 59s);
  EXPECT_EQ(buckets.size(), 1U);
  EXPECT_FALSE(buckets.bucket("key_1", 1)->own.take(start + 59s).allowed);
  buckets.forget_unused(start + 60s);
  EXPECT_EQ(buckets.size(), 0U);
}

TEST(RateBucketsTest, PartOfASharedBucketIsKeptWhileItMatters) {
  RateBuckets buckets;
  Grant grant;
  grant.tokens = 1;
  grant.taken_at = start;
  {
    const auto handle = buckets.bucket("key_1", 100);
    ASSERT_TRUE(handle->shared.granted(start, grant));
    handle->shared.charge(start, 1, 100);  // Owed: the grant's token is used.
  }
  buckets.forget_unused(start);
  EXPECT_EQ(buckets.size(), 1U);
  buckets.forget_unused(start + SharedBucket::owed_for_max);
  EXPECT_EQ(buckets.size(), 0U);
}

TEST(RateBucketsTest, BucketInUseIsNotForgotten) {
  RateBuckets buckets;
  const auto held = buckets.bucket("key_1", 1);
  buckets.forget_unused(start);
  EXPECT_EQ(buckets.size(), 1U);
  EXPECT_EQ(buckets.bucket("key_1", 1), held);
}

}  // namespace
}  // namespace triggers::limit
