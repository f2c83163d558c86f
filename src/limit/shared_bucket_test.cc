#include "limit/shared_bucket.h"

#include <gtest/gtest.h>

#include <list>
#include <vector>

namespace triggers::limit {
namespace {

using namespace std::chrono_literals;

class SharedBucketTest : public testing::Test {
 protected:
  SharedBucket::Time now{1'000s};
  SharedBucket node;

  /// A slice that arrives at once.
  [[nodiscard]] Grant grant(std::uint32_t tokens) const {
    Grant grant;
    grant.taken_at = now;
    grant.tokens = tokens;
    grant.bucket.allowed = tokens > 0;
    grant.bucket.limit = 200;
    if (tokens == 0) grant.bucket.retry_after = 3s;
    return grant;
  }
};

TEST_F(SharedBucketTest, NeedsASliceAtFirstAndServesOnlyWhatItWasGiven) {
  EXPECT_FALSE(node.take(now, 200));
  EXPECT_TRUE(node.granted(now, grant(3))->allowed);
  EXPECT_TRUE(node.take(now, 200)->allowed);
  EXPECT_TRUE(node.take(now, 200)->allowed);
  EXPECT_FALSE(node.take(now, 200));
}

TEST_F(SharedBucketTest, ChargeIsPaidFromTheCurrentSliceAndThenFromTheNext) {
  EXPECT_TRUE(node.granted(now, grant(5))->allowed);
  EXPECT_EQ(node.charge(now, 2, 200).remaining, 2U);
  EXPECT_EQ(node.charge(now, 6, 200).remaining, 0U);
  EXPECT_FALSE(node.take(now, 200));
  EXPECT_EQ(node.wanted(now + 1s, 200), 5U) << "one for who asks, and the four that are owed";
  const auto refused = node.granted(now, grant(3));
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->allowed);
  EXPECT_EQ(refused->retry_after, 300ms) << "one is still owed, at 200 a minute";
  EXPECT_FALSE(node.take(now + 300ms, 200)) << "then it asks again";
  now += 300ms;
  EXPECT_TRUE(node.granted(now, grant(2))->allowed);
  EXPECT_FALSE(node.take(now, 200));
}

TEST_F(SharedBucketTest, BusyNodeTakesLargerSlicesUpToATwentiethAndAnIdleOneTakesOne) {
  std::vector<std::uint32_t> wanted;
  for (int i = 0; i < 5; ++i) {
    wanted.push_back(node.wanted(now, 200));
    node.granted(now, grant(wanted.back()));
  }
  EXPECT_EQ(wanted, (std::vector<std::uint32_t>{1, 2, 4, 8, 10}));
  EXPECT_EQ(node.wanted(now, 20), 1U);
  EXPECT_EQ(node.wanted(now + 1s, 200), 1U);
}

TEST_F(SharedBucketTest, SliceGrowsByHowFastItIsUsedHoweverLongItTookToArrive) {
  EXPECT_EQ(node.wanted(now, 200), 1U);
  auto slow = grant(1);
  now += 3s;
  slow.taken_at = now - 2s;
  EXPECT_TRUE(node.granted(now, slow)->allowed);
  EXPECT_EQ(node.wanted(now + 500ms, 200), 2U);
}

TEST_F(SharedBucketTest, AsksForAsManyAsWait) {
  std::list<SharedBucket::Waiter> waiters;
  for (int i = 0; i < 50; ++i) waiters.emplace_back(node);
  EXPECT_EQ(node.wanted(now, 100), 50U);
  EXPECT_EQ(node.wanted(now, 1), 50U);
  waiters.clear();
  EXPECT_EQ(node.wanted(now, 100), 1U);
}

TEST_F(SharedBucketTest, RefusesWithoutAskingUntilTheSharedBucketHasOneAgain) {
  const auto refused = node.granted(now, grant(0));
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->allowed);
  EXPECT_EQ(refused->retry_after, 3s);
  EXPECT_EQ(node.take(now + 1s, 200)->retry_after, 2s);
  EXPECT_FALSE(node.take(now + 3s, 200));
}

TEST_F(SharedBucketTest, SliceOfAnotherLimitIsForgotten) {
  node.granted(now, grant(0));
  EXPECT_FALSE(node.take(now, 6'000));
  EXPECT_FALSE(node.take(now, 200));
  node.granted(now, grant(3));
  EXPECT_FALSE(node.take(now, 1));
}

TEST_F(SharedBucketTest, OldTokensAreForgotten) {
  node.granted(now, grant(3));
  EXPECT_TRUE(node.take(now + 3s, 200)->allowed);
  EXPECT_FALSE(node.take(now + 3500ms, 200));
}

TEST_F(SharedBucketTest, AgeOfTokensCountsFromWhenTheyWereTaken) {
  auto late = grant(3);
  late.taken_at = now - 3s;
  EXPECT_TRUE(node.granted(now, late)->allowed);
  EXPECT_FALSE(node.take(now + 500ms, 200));
  late.taken_at = now - 3500ms;
  EXPECT_FALSE(node.granted(now, late));
}

TEST_F(SharedBucketTest, CountsByItselfForAWhileWhereClocksDisagree) {
  auto disagrees = grant(0);
  disagrees.clocks_agree = false;
  EXPECT_TRUE(node.granted(now, disagrees)->allowed);
  for (int i = 1; i < 200; ++i) EXPECT_TRUE(node.take(now, 200)->allowed);
  EXPECT_FALSE(node.take(now, 200)->allowed);
  EXPECT_FALSE(node.take(now + 3500ms, 200));
  // What it has used by itself is not forgotten.
  EXPECT_TRUE(node.granted(now + 3500ms, disagrees)->allowed);
  int served = 1;
  while (node.take(now + 3500ms, 200)->allowed) ++served;
  EXPECT_EQ(served, 11);
}

}  // namespace
}  // namespace triggers::limit
