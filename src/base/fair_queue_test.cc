#include "base/fair_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace triggers {
namespace {

/// The order in which one worker takes everything that waits.
std::string order_of(FairQueue<char>& queue) {
  std::string order;
  while (const auto turn = queue.pop()) {
    order.push_back(turn->item);
    queue.done(turn->user);
  }
  return order;
}

TEST(FairQueue, UsersTakeTurns) {
  FairQueue<char> queue(100, 1);
  for (const char item : {'a', 'b', 'c', 'd'}) ASSERT_TRUE(queue.push("greedy", item));
  ASSERT_TRUE(queue.push("second", '1'));
  ASSERT_TRUE(queue.push("third", 'X'));
  ASSERT_TRUE(queue.push("second", '2'));
  EXPECT_EQ(order_of(queue), "a1Xb2cd");
}

TEST(FairQueue, NewUserWaitsForOneItemOfEachOther) {
  FairQueue<char> queue(1000, 1);
  for (int n = 0; n < 100; ++n) {
    ASSERT_TRUE(queue.push("a", 'a'));
    ASSERT_TRUE(queue.push("b", 'b'));
  }
  ASSERT_TRUE(queue.push("new", 'n'));
  EXPECT_EQ(order_of(queue).find('n'), 2U);
}

TEST(FairQueue, ReturningUserWaitsBehindTheOthers) {
  FairQueue<char> queue(100, 1);
  ASSERT_TRUE(queue.push("a", 'a') && queue.push("b", 'b') && queue.push("c", 'c'));
  const auto first = queue.pop();
  queue.done(first->user);
  ASSERT_TRUE(queue.push("a", 'A'));
  EXPECT_EQ(order_of(queue), "bcA");
}

TEST(FairQueue, UserHasAtMostRunningMaxItemsInProgress) {
  FairQueue<char> queue(100, 2);
  for (int n = 0; n < 5; ++n) ASSERT_TRUE(queue.push("greedy", 'g'));
  ASSERT_TRUE(queue.pop() && queue.pop());
  EXPECT_FALSE(queue.ready());
  EXPECT_FALSE(queue.pop());
  ASSERT_TRUE(queue.push("other", 'o'));
  EXPECT_TRUE(queue.ready());
  EXPECT_EQ(queue.pop()->item, 'o');
  queue.done("greedy");
  EXPECT_EQ(queue.pop()->item, 'g');
  EXPECT_FALSE(queue.pop());
}

TEST(FairQueue, UserFillsHalfAndTheNextFindsRoom) {
  FairQueue<int> queue(64, 1);
  const auto fill = [&](const std::string& user) {
    int items = 0;
    while (queue.push(user, 0)) ++items;
    return items;
  };
  EXPECT_EQ(fill("first"), 32);
  EXPECT_EQ(fill("second"), 16);
  EXPECT_EQ(fill("third"), 8);
  EXPECT_FALSE(queue.push("first", 0));
  EXPECT_TRUE(queue.push("fourth", 0));
}

TEST(FairQueue, IsNeverFullerThanItsLimit) {
  FairQueue<int> queue(10, 1);
  for (int n = 0; n < 100; ++n) (void)queue.push(std::to_string(n), n);
  EXPECT_EQ(queue.waiting(), 10U);
}

TEST(FairQueue, ForgetsUsersWithoutItems) {
  FairQueue<int> queue(4, 1);
  for (int n = 0; n < 50; ++n) (void)queue.push("user" + std::to_string(n), n);
  EXPECT_EQ(queue.users(), 4U);
  while (const auto turn = queue.pop()) queue.done(turn->user);
  EXPECT_EQ(queue.users(), 0U);
}

/// As a queue's memory may be used up.
struct ThrowsOnce {
  explicit ThrowsOnce(bool throws) : throws_(throws) {}
  ThrowsOnce(ThrowsOnce&& other) : throws_(false) {
    if (other.throws_) throw std::bad_alloc();
  }
  bool throws_;
};

TEST(FairQueue, ForgetsAUserWhoseOnlyItemCouldNotBeQueued) {
  FairQueue<ThrowsOnce> queue(4, 1);
  EXPECT_THROW((void)queue.push("a", ThrowsOnce(true)), std::bad_alloc);
  EXPECT_EQ(queue.users(), 0U);
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_TRUE(queue.push("a", ThrowsOnce(false)));
  EXPECT_THROW((void)queue.push("a", ThrowsOnce(true)), std::bad_alloc);
  EXPECT_EQ(queue.users(), 1U);
  EXPECT_EQ(queue.waiting(), 1U);
}

}  // namespace
}  // namespace triggers
