#include "base/fair_count.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace triggers {
namespace {

using Outcome = FairCount::Outcome;

class FairCountTest : public testing::Test {
 protected:
  /// How many of `wanted` places the holder gets.
  std::size_t take(const std::string& holder, std::size_t wanted) {
    std::size_t got = 0;
    for (; wanted > 0; --wanted) {
      FairCount::Place place;
      last_ = count_.take(holder, place);
      if (last_ != Outcome::taken) continue;
      ++got;
      places_.push_back(std::move(place));
    }
    return got;
  }

  FairCount count_{100, 1};
  std::vector<FairCount::Place> places_;
  Outcome last_ = Outcome::taken;
};

TEST_F(FairCountTest, HolderTakesHalfOfWhatTheOthersLeave) {
  EXPECT_EQ(take("a", 100), 50U);
  EXPECT_EQ(last_, Outcome::share_used);
  EXPECT_EQ(take("b", 100), 25U);
  EXPECT_EQ(take("c", 100), 12U);
  EXPECT_EQ(count_.taken(), 87U);
  EXPECT_EQ(count_.refused(), 213U);
}

TEST_F(FairCountTest, EveryHolderGetsOnePlaceWhileAnyIsFree) {
  std::size_t holders = 0;
  while (last_ != Outcome::none_free) take("holder " + std::to_string(holders++), 100);
  EXPECT_EQ(count_.taken(), 100U);
  // 50, 25, 12, 6, 3, 2, 1 and 1.
  EXPECT_EQ(holders, 8U);
  places_.pop_back();
  EXPECT_EQ(take("the next", 2), 1U);
}

TEST_F(FairCountTest, PlaceIsGivenBackOnce) {
  take("a", 50);
  FairCount::Place moved = std::move(places_.back());
  places_.pop_back();
  EXPECT_EQ(count_.taken(), 50U);
  moved = FairCount::Place();
  EXPECT_EQ(count_.taken(), 49U);
  places_.clear();
  EXPECT_EQ(count_.taken(), 0U);
  EXPECT_EQ(take("a", 100), 50U);
}

TEST_F(FairCountTest, ThreadsTogetherNeverExceedTheLimit) {
  // Each place is of another holder, so that only the limit of all keeps anyone out.
  for (int i = 0; i < 70; ++i) EXPECT_EQ(take("keeper " + std::to_string(i), 1), 1U);
  std::atomic<std::size_t> held = 0, most_held = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        for (int round = 0; round < 2000; ++round) {
          std::vector<FairCount::Place> places(40);
          std::size_t mine = 0;
          for (auto& place : places) {
            const std::string holder = std::to_string(thread) + " " + std::to_string(mine);
            if (count_.take(holder, place) != Outcome::taken) continue;
            ++mine;
            const std::size_t now = ++held;
            std::size_t most = most_held;
            while (most < now && !most_held.compare_exchange_weak(most, now)) {
            }
          }
          held -= mine;
        }
      });
    }
  }
  EXPECT_LE(most_held, 30U);
  EXPECT_GT(most_held, 0U);
  EXPECT_EQ(count_.taken(), 70U);
}

}  // namespace
}  // namespace triggers
