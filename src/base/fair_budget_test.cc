#include "base/fair_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace triggers {
namespace {

/// Grows shares of `holder` by `step` bytes each until one finds no room.
std::vector<FairBudget::Share> take_all(FairBudget& budget, std::string_view holder, std::size_t step) {
  std::vector<FairBudget::Share> shares;
  for (;;) {
    FairBudget::Share share(&budget, holder);
    if (!share.grow(step)) return shares;
    shares.push_back(std::move(share));
  }
}

std::size_t total(const std::vector<FairBudget::Share>& shares) {
  std::size_t bytes = 0;
  for (const auto& share : shares) bytes += share.bytes();
  return bytes;
}

TEST(FairBudgetTest, GreedyHolderUsesHalfOfWhatTheOthersLeave) {
  FairBudget budget(1'000);
  const auto first = take_all(budget, "greedy", 10);
  EXPECT_EQ(total(first), 500U);
  const auto second = take_all(budget, "second", 10);
  EXPECT_EQ(total(second), 250U);
  const auto third = take_all(budget, "third", 5);
  EXPECT_EQ(total(third), 125U);
  EXPECT_EQ(budget.bytes(), 875U);
  EXPECT_EQ(budget.refused(), 3U);
  EXPECT_EQ(budget.holders(), 3U);
}

TEST(FairBudgetTest, FirstHolderGetsNoMoreThanItsHalfOnceOthersArrive) {
  FairBudget budget(1'000);
  FairBudget::Share others(&budget, "others");
  ASSERT_TRUE(others.grow(600));
  EXPECT_EQ(total(take_all(budget, "late", 10)), 200U);
  others.shrink(600);
  EXPECT_EQ(total(take_all(budget, "late", 10)), 500U);
}

TEST(FairBudgetTest, EveryNewHolderFindsRoomForOneBesideAGreedyOne) {
  FairBudget budget(1'000);
  const auto greedy = take_all(budget, "greedy", 1);
  std::vector<FairBudget::Share> others;
  for (int i = 0; i < 50; ++i) {
    FairBudget::Share share(&budget, std::to_string(i));
    ASSERT_TRUE(share.grow(10)) << i;
    others.push_back(std::move(share));
  }
  FairBudget::Share more(&budget, "greedy");
  EXPECT_FALSE(more.grow(1));
  FairBudget::Share over(&budget, "over");
  EXPECT_FALSE(over.grow(1)) << "the limit holds for all together";
}

TEST(FairBudgetTest, OnlyShareOfAHolderMayUseAllThatIsFree) {
  FairBudget budget(1'000);
  FairBudget::Share other(&budget, "other");
  ASSERT_TRUE(other.grow(100));
  FairBudget::Share large(&budget, "tenant");
  EXPECT_TRUE(large.grow(500));
  EXPECT_TRUE(large.grow(400));
  EXPECT_FALSE(large.grow(1));
  FairBudget::Share second(&budget, "tenant");
  EXPECT_FALSE(second.grow(1));
}

TEST(FairBudgetTest, ShareThatIsAloneHasNoLimitAndGivesItBack) {
  FairBudget budget(100);
  {
    FairBudget::Share alone(&budget, "a");
    EXPECT_TRUE(alone.grow(70));
    EXPECT_TRUE(alone.grow(70));
    FairBudget::Share late(&budget, "b");
    EXPECT_FALSE(late.grow(1));
    late = std::move(alone);
    EXPECT_EQ(late.bytes(), 140U);
    EXPECT_EQ(budget.bytes(), 140U);
    late.shrink(139);
    EXPECT_EQ(budget.bytes(), 1U);
  }
  EXPECT_EQ(budget.bytes(), 0U);
  EXPECT_EQ(budget.holders(), 0U);
  FairBudget::Share of_none;
  EXPECT_TRUE(of_none.grow(1'000));
  FairBudget::Share of_null(nullptr, "a");
  EXPECT_TRUE(of_null.grow(1'000));
}

TEST(FairBudgetTest, SmallSharesAreCountedAndAlwaysHaveRoom) {
  FairBudget budget(100, 10);
  FairBudget::Share large(&budget, "a");
  FairBudget::Share small(&budget, "a");
  EXPECT_TRUE(large.grow(100));
  EXPECT_TRUE(small.grow(4));
  EXPECT_TRUE(small.grow(6));
  EXPECT_EQ(budget.bytes(), 110U);
  EXPECT_FALSE(small.grow(1)) << "it is not small any more";
  EXPECT_FALSE(large.grow(1));
  EXPECT_EQ(budget.bytes(), 110U);
  EXPECT_EQ(budget.refused(), 2U);
}

TEST(FairBudgetTest, ResizeFollowsWhatABufferTakes) {
  FairBudget budget(100);
  FairBudget::Share other(&budget, "b");
  ASSERT_TRUE(other.grow(50));
  FairBudget::Share share(&budget, "a");
  EXPECT_TRUE(share.resize(40));
  EXPECT_TRUE(share.resize(10));
  EXPECT_FALSE(share.resize(60));
  EXPECT_EQ(share.bytes(), 10U);
  EXPECT_TRUE(share.resize(0));
  EXPECT_EQ(budget.holders(), 1U);
}

TEST(FairBudgetTest, SharesThatCannotBeRefusedAreStillCounted) {
  FairBudget budget(100);
  FairBudget::Share other(&budget, "b");
  ASSERT_TRUE(other.grow(50));
  FairBudget::Share share(&budget, "a");
  ASSERT_TRUE(share.grow(10));
  share.count(200);
  EXPECT_EQ(budget.bytes(), 250U);
  EXPECT_EQ(budget.refused(), 0U);
  EXPECT_FALSE(other.grow(1));
  share.count(5);
  EXPECT_EQ(budget.bytes(), 55U);
}

TEST(FairBudgetTest, ThreadsNeverExceedTheLimitAndReturnEverything) {
  constexpr std::size_t bytes_max = 1'000;
  FairBudget budget(bytes_max);
  std::atomic<bool> passed = false;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        const std::string holder(1, static_cast<char>('a' + t % 2));
        for (int i = 0; i < 2'000; ++i) {
          FairBudget::Share share(&budget, holder);
          const bool grown = share.grow(100) && share.grow(200);
          if (grown && budget.bytes() > bytes_max) passed = true;
        }
      });
    }
  }
  EXPECT_FALSE(passed);
  EXPECT_EQ(budget.bytes(), 0U);
  EXPECT_EQ(budget.holders(), 0U);
}

}  // namespace
}  // namespace triggers
