#include "limit/shared_bucket.h"

#include <gtest/gtest.h>

namespace triggers::limit {
namespace {

using namespace std::chrono_literals;

class SharedBucketTest : public testing::Test {
 protected:
  SharedBucket::Time now{1'000s};
  SharedBucket node;

  static Grant grant(std::uint32_t tokens) {
    Grant grant;
    grant.tokens = tokens;
    grant.bucket.allowed = tokens > 0;
    if (tokens == 0) grant.bucket.retry_after = 3s;
    return grant;
  }
};

TEST_F(SharedBucketTest, NeedsASliceAtFirstAndServesOnlyWhatItWasGiven) {
  EXPECT_FALSE(node.take(now));
  EXPECT_TRUE(node.granted(now, grant(3)).allowed);
  EXPECT_TRUE(node.take(now)->allowed);
  EXPECT_TRUE(node.take(now)->allowed);
  EXPECT_FALSE(node.take(now));
}

TEST_F(SharedBucketTest, QuickNodeAsksForMoreToATwentiethAndASlowOneForOne) {
  std::vector<std::uint32_t> wanted;
  for (int i = 0; i < 5; ++i) wanted.push_back(node.wanted(now, 200));
  EXPECT_EQ(wanted, (std::vector<std::uint32_t>{1, 2, 4, 8, 10}));
  EXPECT_EQ(node.wanted(now + 1s, 200), 1U);
  EXPECT_EQ(node.wanted(now + 1s, 1), 1U);
}

TEST_F(SharedBucketTest, RefusesWithoutAskingUntilTheSharedBucketHasOneAgain) {
  const auto refused = node.granted(now, grant(0));
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 3s);
  EXPECT_EQ(node.take(now + 1s)->retry_after, 2s);
  EXPECT_FALSE(node.take(now + 3s));
}

TEST_F(SharedBucketTest, OldTokensAreForgotten) {
  node.granted(now, grant(3));
  EXPECT_TRUE(node.take(now + 4s)->allowed);
  EXPECT_FALSE(node.take(now + 5s));
}

}  // namespace
}  // namespace triggers::limit
