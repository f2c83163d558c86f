#include "limit/rate_fields.h"

#include <gtest/gtest.h>

#include "limit/token_bucket.h"

namespace triggers::limit {
namespace {

using namespace std::chrono_literals;

const Time start{1h};

TEST(RateFields, HaveTheFormOfTheDraft) {
  EXPECT_EQ(policy_field(100), "\"default\";q=100;w=60");
  TokenBucket bucket(60);
  auto decision = bucket.take(start);
  EXPECT_EQ(limit_field(decision), "\"default\";r=59;t=1");
  decision.reset = 1001ms;
  EXPECT_EQ(limit_field(decision), "\"default\";r=59;t=2");
}

TEST(RateFields, RetryAfterIsRoundedUpAndAtLeastOne) {
  EXPECT_EQ(retry_after_field(0ns), "1");
  EXPECT_EQ(retry_after_field(1ns), "1");
  EXPECT_EQ(retry_after_field(1s), "1");
  EXPECT_EQ(retry_after_field(1s + 1ns), "2");
  EXPECT_EQ(retry_after_field(60s), "60");
}

}  // namespace
}  // namespace triggers::limit
