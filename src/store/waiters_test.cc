#include "store/waiters.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "store/test_waiting_reader.h"

namespace triggers::store {
namespace {

using Reason = Cancellation::Reason;

class WaitersTest : public testing::Test {
 protected:
  /// Ends the waits that the test has left.
  void TearDown() override {
    all_.stop();
    executor_.run();
  }
  WaitingReader& taker(std::size_t limit, const std::string& tenant = "a") {
    return readers_.emplace_back(executor_, all_, *inbox_, tenant, Waiter::taker(limit));
  }
  WaitingReader& looker() { return readers_.emplace_back(executor_, all_, *inbox_, "a", Waiter::looker()); }
  WaitingReader& waiting(WaitingReader& reader) {
    reader.wait();
    EXPECT_TRUE(reader.waits());
    return reader;
  }

  Waiters all_{20, 1};
  std::unique_ptr<InboxWaiters> inbox_ = std::make_unique<InboxWaiters>(all_);
  SteppedExecutor executor_;
  std::deque<WaitingReader> readers_;
};

TEST_F(WaitersTest, TakerIsWokenWhenSomethingBecomesAvailable) {
  WaitingReader& reader = waiting(taker(10));
  inbox_->became_available(1);
  EXPECT_TRUE(reader.woken());
}

TEST_F(WaitersTest, ChangeBetweenTheLookAndTheWaitIsNotMissed) {
  WaitingReader& reader = taker(1);
  const auto version = inbox_->version();
  inbox_->became_available(1);
  reader.wait(version);
  EXPECT_TRUE(reader.woken());
}

TEST_F(WaitersTest, ChangeOfAnotherInboxWakesNobody) {
  InboxWaiters other(all_);
  WaitingReader& reader = waiting(taker(1));
  other.became_available(1);
  EXPECT_TRUE(reader.waits());
  reader.cancel(Reason::timeout);
  EXPECT_TRUE(reader.woken(Wake::timeout));
}

TEST_F(WaitersTest, TakersAreWokenInTheirOrderAndNoMoreThanCanBeServed) {
  WaitingReader& first = waiting(taker(10));
  WaitingReader& second = waiting(taker(5));
  WaitingReader& third = waiting(taker(1));
  inbox_->became_available(10);
  EXPECT_TRUE(first.woken());
  EXPECT_TRUE(second.waits());
  // The first is on its way to 10 of these.
  inbox_->became_available(12);
  EXPECT_TRUE(second.woken());
  EXPECT_TRUE(third.waits());
  inbox_->became_available(16);
  EXPECT_TRUE(third.woken());
}

TEST_F(WaitersTest, EveryLookerIsWokenByEachChangeOnce) {
  WaitingReader& one = waiting(looker());
  WaitingReader& other = waiting(looker());
  inbox_->became_available(1);
  EXPECT_TRUE(one.woken());
  EXPECT_TRUE(other.woken());
  waiting(one);
  inbox_->now_available(1);
  EXPECT_TRUE(one.waits());
  inbox_->became_available(2);
  EXPECT_TRUE(one.woken());
}

TEST_F(WaitersTest, LookersMayBeToldLaterThanTakers) {
  WaitingReader& one = waiting(looker());
  WaitingReader& other = looker();
  WaitingReader& taking = waiting(taker(1));
  const auto version = inbox_->version_for_lookers();
  inbox_->became_available_to_takers(1);
  EXPECT_TRUE(taking.woken());
  EXPECT_TRUE(one.waits());
  other.wait(version);
  EXPECT_TRUE(other.waits());
  inbox_->tell_lookers({});
  EXPECT_TRUE(one.woken());
  EXPECT_TRUE(other.woken());
  other.wait(version);
  EXPECT_TRUE(other.woken()) << "between the look and the wait";
}

TEST_F(WaitersTest, TimeUntilAWokenReaderIsServedIsObserved) {
  std::vector<std::chrono::nanoseconds> observed;
  all_.observe_served([&](auto time) { observed.push_back(time); });
  WaitingReader& looking = waiting(looker());
  WaitingReader& taking = waiting(taker(1));
  WaitingReader& leaving = waiting(taker(1));
  inbox_->became_available(2);
  inbox_->tell_lookers(std::chrono::steady_clock::now() - std::chrono::hours{1});
  EXPECT_TRUE(looking.woken());
  EXPECT_TRUE(taking.woken());
  EXPECT_TRUE(leaving.woken());
  leaving.leave();
  EXPECT_TRUE(observed.empty());
  looking.served();
  taking.served();
  ASSERT_EQ(observed.size(), 2U);
  EXPECT_LT(observed[0], std::chrono::hours{1}) << "it was woken by the first change";
  taking.served();
  EXPECT_EQ(observed.size(), 2U);
  waiting(looking);
  inbox_->tell_lookers(std::chrono::steady_clock::now() - std::chrono::hours{1});
  EXPECT_TRUE(looking.woken());
  looking.served();
  ASSERT_EQ(observed.size(), 3U);
  EXPECT_GE(observed[2], std::chrono::hours{1});
}

TEST_F(WaitersTest, WhatALeaseLeavesIsForTheNextTaker) {
  WaitingReader& first = waiting(taker(10));
  WaitingReader& second = waiting(taker(10));
  inbox_->became_available(3);
  EXPECT_TRUE(first.woken());
  // It takes 2 of the 3, as they are large.
  inbox_->now_available(1);
  EXPECT_TRUE(second.waits());
  first.served();
  EXPECT_TRUE(second.woken());
}

TEST_F(WaitersTest, ServedTakerWakesNobodyIfNothingIsLeft) {
  WaitingReader& first = waiting(taker(10));
  WaitingReader& second = waiting(taker(10));
  inbox_->became_available(3);
  EXPECT_TRUE(first.woken());
  inbox_->now_available(0);
  first.served();
  first.leave();
  EXPECT_TRUE(second.waits());
  inbox_->became_available(1);
  EXPECT_TRUE(second.woken());
}

TEST_F(WaitersTest, WokenTakerThatLeavesPassesItsWakeOn) {
  WaitingReader& first = waiting(taker(10));
  WaitingReader& second = waiting(taker(10));
  WaitingReader& third = waiting(taker(10));
  inbox_->became_available(1);
  EXPECT_TRUE(first.woken());
  first.leave();
  EXPECT_TRUE(second.woken());
  EXPECT_TRUE(third.waits());
}

TEST_F(WaitersTest, TakerThatIsCancelledAfterItWasWokenSaysSoAndPassesItsWakeOn) {
  WaitingReader& first = waiting(taker(10));
  WaitingReader& second = waiting(taker(10));
  inbox_->became_available(1);
  first.cancel(Reason::gone);  // before its thread has resumed it
  EXPECT_TRUE(first.woken(Wake::gone));
  EXPECT_TRUE(second.waits());
  first.leave();
  EXPECT_TRUE(second.woken());
}

TEST_F(WaitersTest, TakerThatFindsNothingKeepsItsPlaceInTheLine) {
  WaitingReader& first = waiting(taker(10));
  WaitingReader& second = waiting(taker(10));
  inbox_->became_available(1);
  EXPECT_TRUE(first.woken());
  inbox_->now_available(0);  // A lease that did not wait has taken it.
  waiting(first);
  inbox_->became_available(1);
  EXPECT_TRUE(first.woken());
  EXPECT_TRUE(second.waits());
}

TEST_F(WaitersTest, TakerThatLooksAgainBecauseOfANewerChangeStillHoldsItsWake) {
  WaitingReader& first = waiting(taker(10));
  WaitingReader& second = waiting(taker(10));
  inbox_->became_available(1);
  EXPECT_TRUE(first.woken());
  const auto version = inbox_->version();
  inbox_->became_available(2);  // Nobody else is woken for it.
  first.wait(version);
  EXPECT_TRUE(first.woken());
  EXPECT_TRUE(second.waits());
  first.leave();
  EXPECT_TRUE(second.woken());
}

TEST_F(WaitersTest, WaitEndsForEachReason) {
  for (const auto& [reason, wake] :
       {std::pair{Reason::timeout, Wake::timeout}, {Reason::stopping, Wake::stopping}, {Reason::gone, Wake::gone}}) {
    WaitingReader& reader = waiting(taker(1));
    reader.cancel(reason);
    EXPECT_TRUE(reader.woken(wake));
    // And does not begin again.
    reader.wait();
    EXPECT_TRUE(reader.woken(wake));
    reader.leave();
  }
  EXPECT_EQ(all_.waiting(), 0U);
  inbox_->became_available(1);
}

TEST_F(WaitersTest, StopWakesAllAndLetsNobodyWait) {
  WaitingReader& on_its_way = waiting(taker(1));
  inbox_->became_available(1);
  WaitingReader& one = waiting(taker(1));
  WaitingReader& other = waiting(looker());
  all_.stop();
  EXPECT_TRUE(on_its_way.woken());
  EXPECT_TRUE(one.woken(Wake::stopping));
  EXPECT_TRUE(other.woken(Wake::stopping));
  one.wait();
  EXPECT_TRUE(one.woken(Wake::stopping));
  WaitingReader& late = taker(1);
  late.wait();
  EXPECT_TRUE(late.woken(Wake::stopping));
}

TEST_F(WaitersTest, RemovalOfTheInboxLetsEverybodyLookAgain) {
  WaitingReader& on_its_way = waiting(taker(1));
  inbox_->became_available(1);
  WaitingReader& one = waiting(taker(1));
  WaitingReader& other = waiting(looker());
  inbox_.reset();
  EXPECT_TRUE(on_its_way.woken());
  EXPECT_TRUE(one.woken());
  EXPECT_TRUE(other.woken());
  one.wait(0);
  EXPECT_TRUE(one.woken());
}

TEST_F(WaitersTest, PlacesAreBoundedAndATenantHasAShare) {
  for (int i = 0; i < 10; ++i) waiting(taker(1, "greedy"));
  WaitingReader& greedy = taker(1, "greedy");
  greedy.wait();
  EXPECT_TRUE(greedy.refused(ErrorCode::share_used));
  for (int i = 0; i < 10; ++i) waiting(taker(1, "tenant " + std::to_string(i)));
  EXPECT_EQ(all_.waiting(), 20U);
  WaitingReader& late = taker(1, "late");
  late.wait();
  EXPECT_TRUE(late.refused(ErrorCode::overloaded));
  EXPECT_EQ(all_.refused(), 2U);
  // Who has a place keeps it from wait to wait.
  inbox_->became_available(1);
  EXPECT_TRUE(readers_.front().woken());
  late.wait();
  EXPECT_TRUE(late.refused(ErrorCode::overloaded));
  inbox_->now_available(0);
  waiting(readers_.front());
  readers_.front().cancel(Reason::gone);
  EXPECT_TRUE(readers_.front().woken(Wake::gone));
  readers_.front().leave();
  waiting(late);
}

}  // namespace
}  // namespace triggers::store
