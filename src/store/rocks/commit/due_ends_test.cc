// The committer's timer (due_ends.h) over the inboxes that readers wait for (inbox/watched_inboxes.h). With a real
// committer: tests/rocks/waits_test.cc.

#include "store/rocks/commit/due_ends.h"

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "base/uuid7.h"
#include "store/rocks/commit/end_stage.h"
#include "store/test_waiting_reader.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using Operations = std::vector<Operation*>;

class DueEndsTest : public testing::Test {
 protected:
  using State = std::shared_ptr<InboxState>;

  /// An inbox with one leased entry.
  State leased_inbox(std::chrono::seconds duration) {
    auto state = std::make_shared<InboxState>("acme", "default");
    auto& index = state->make_index(inbox::Rules());
    const EventId id = ids_.next(clock_.now());
    EXPECT_FALSE(index.accept(id));
    const LeaseId lease{ids_.next(clock_.now())};
    EXPECT_EQ(index.lease(std::array{id}, 1, lease, duration, clock_.now()).size(), 1U);
    state->staged.count = 1;
    state->publish();
    return state;
  }
  std::shared_ptr<InboxWaiters> watch(const State& state) { return watched_.watch(state, InboxName()); }
  /// What the commit does.
  void end_leases(InboxState& state) {
    EXPECT_FALSE(state.index()->advance(clock_.now(), 500).empty());
    const bool gained = state.publish();
    watched_.changed(state, state.available(), gained, std::chrono::steady_clock::now());
  }
  std::chrono::milliseconds sleep(DueEnds& ends) {
    return std::chrono::round<std::chrono::milliseconds>(*ends.next() - std::chrono::steady_clock::now());
  }
  Operations due(DueEnds& ends) {
    // Not so soon after the last that it makes a pause.
    while (std::chrono::steady_clock::now() < not_before_) std::this_thread::yield();
    Operations operations;
    ends.add(operations);
    not_before_ = std::chrono::steady_clock::now() + DueEnds::pause;
    return operations;
  }

  ManualClock clock_;
  IdTime time_{clock_};
  Uuid7Generator ids_;
  int rings_ = 0;
  WatchedInboxes watched_{100, [this] { ++rings_; }};
  std::chrono::steady_clock::time_point not_before_{};
};

TEST_F(DueEndsTest, NothingIsDueWhileNobodyWatches) {
  DueEnds ends(&watched_, time_);
  const State state = leased_inbox(1s);
  clock_.advance(10s);
  EXPECT_FALSE(ends.next());
  EXPECT_TRUE(due(ends).empty());
  const auto reader = watch(state);
  EXPECT_EQ(rings_, 1);
  EXPECT_LE(sleep(ends), 5ms);
  EXPECT_EQ(due(ends).size(), 1U);
  ends.done(true);
}

TEST_F(DueEndsTest, SleepsUntilTheFirstEndButNotForLong) {
  DueEnds ends(&watched_, time_);
  const State late = leased_inbox(500s), early = leased_inbox(1s);
  const auto readers = std::array{watch(late), watch(early)};
  clock_.advance(600ms);
  EXPECT_LE(sleep(ends), 400ms);
  EXPECT_GE(sleep(ends), 200ms);
  EXPECT_TRUE(due(ends).empty());
  clock_.advance(400ms);
  const auto operations = due(ends);
  ASSERT_EQ(operations.size(), 1U);
  EXPECT_EQ(operations[0]->entry->kind, EntryOperation::Kind::advance);
  end_leases(*early);
  ends.done(true);
  EXPECT_LE(sleep(ends), DueEnds::sleep_max);
  EXPECT_GE(sleep(ends), DueEnds::sleep_max - 300ms);
}

TEST_F(DueEndsTest, EarlierEndWakesTheCommitter) {
  DueEnds ends(&watched_, time_);
  const State late = leased_inbox(500s), early = leased_inbox(1s);
  const auto first = watch(late);
  EXPECT_EQ(rings_, 1);
  EXPECT_TRUE(ends.next());
  const auto second = watch(early);
  EXPECT_EQ(rings_, 2);
  EXPECT_TRUE(ends.next());
  const auto third = watch(late);
  EXPECT_EQ(rings_, 2);
}

TEST_F(DueEndsTest, WhatWasNotDoneIsDueAgainAfterAPause) {
  DueEnds ends(&watched_, time_);
  const State state = leased_inbox(1s);
  const auto reader = watch(state);
  clock_.advance(2s);
  EXPECT_EQ(due(ends).size(), 1U);
  ends.done(false);
  // Otherwise a full disk would keep the committer busy.
  EXPECT_TRUE(due(ends).empty());
  EXPECT_GE(sleep(ends), 700ms);
  clock_.advance(1s);
  EXPECT_EQ(due(ends).size(), 1U);
  // This commit had no time for all.
  ends.done(true);
  EXPECT_EQ(due(ends).size(), 1U);
  end_leases(*state);
  ends.done(true);
  EXPECT_FALSE(ends.next());
}

TEST_F(DueEndsTest, EndsOfOneMomentAreSharedAmongInboxesAndCommits) {
  DueEnds ends(&watched_, time_);
  std::vector<State> states;
  std::vector<std::shared_ptr<InboxWaiters>> readers;
  for (std::size_t i = 0; i < DueEnds::inboxes_max + 10; ++i) {
    states.push_back(leased_inbox(1s));
    readers.push_back(watch(states.back()));
  }
  clock_.advance(2s);
  const auto first = due(ends);
  ASSERT_EQ(first.size(), DueEnds::inboxes_max);
  EXPECT_LE(first[0]->entry->limit * first.size(), 2 * DueEnds::ends_max);
  EXPECT_GE(first[0]->entry->limit, 1U);
  for (std::size_t i = 0; i < DueEnds::inboxes_max; ++i) end_leases(*states[i]);
  ends.done(true);
  EXPECT_EQ(due(ends).size(), 10U);
  ends.done(true);
}

TEST_F(DueEndsTest, CommitsThatEndSomethingAreApart) {
  DueEnds ends(&watched_, time_);
  const State state = leased_inbox(1s), other = leased_inbox(1s);
  const auto reader = watch(state);
  clock_.advance(2s);
  EXPECT_EQ(due(ends).size(), 1U);
  const auto begun = std::chrono::steady_clock::now();
  ends.done(true);
  Operations operations;
  ends.add(operations);
  // Unless the machine was that slow.
  EXPECT_TRUE(operations.empty() || std::chrono::steady_clock::now() - begun >= DueEnds::pause);
  EXPECT_GE(*ends.next() - begun, DueEnds::pause - 1ms);
}

TEST_F(DueEndsTest, ReaderThatLeavesTakesItsInboxAlong) {
  DueEnds ends(&watched_, time_);
  const State state = leased_inbox(1s);
  auto reader = watch(state), other = watch(state);
  clock_.advance(2s);
  reader.reset();
  EXPECT_TRUE(state->watched());
  EXPECT_EQ(due(ends).size(), 1U);
  other.reset();
  EXPECT_FALSE(state->watched());
  EXPECT_FALSE(watched_.any());
  ends.done(true);
  EXPECT_FALSE(ends.next());
}

TEST_F(DueEndsTest, ReadersAreWokenByWhatIsGainedOnly) {
  const State state = leased_inbox(1s);
  const auto arrivals = watch(state);
  SteppedExecutor executor;
  WaitingReader looker(executor, watched_.waiters(), *arrivals, "acme", Waiter::looker());
  looker.wait();
  watched_.changed(*state, 0, false, {});
  EXPECT_TRUE(looker.waits());
  clock_.advance(2s);
  end_leases(*state);
  EXPECT_TRUE(looker.woken());
  looker.wait();
  watched_.removed(*state);
  EXPECT_TRUE(looker.woken());
}

TEST_F(DueEndsTest, LookersOfAnInboxThatChangesAllTheTimeAreToldNowAndThen) {
  const auto state = std::make_shared<InboxState>("acme", "default");
  const auto arrivals = watch(state);
  SteppedExecutor executor;
  WaitingReader looker(executor, watched_.waiters(), *arrivals, "acme", Waiter::looker());
  const auto begin = std::chrono::steady_clock::now();
  // A thousand commits in a second, as this test tells the time.
  int told = 0;
  bool waits = false;
  for (int i = 0; i != 1'000; ++i) {
    if (!waits) looker.wait();
    watched_.tell_lookers(begin + i * 1ms);
    watched_.changed(*state, 1, true, begin + i * 1ms);
    waits = looker.waits();
    if (!waits) ++told;
  }
  EXPECT_GE(told, 95);
  EXPECT_LE(told, 110);
  watched_.removed(*state);
  EXPECT_FALSE(looker.waits());
}

TEST_F(DueEndsTest, LookerIsToldOfTheLastChangeAndATakerOfEach) {
  DueEnds ends(&watched_, time_);
  const auto state = std::make_shared<InboxState>("acme", "default");
  const auto arrivals = watch(state);
  SteppedExecutor executor;
  WaitingReader looker(executor, watched_.waiters(), *arrivals, "acme", Waiter::looker());
  WaitingReader taker(executor, watched_.waiters(), *arrivals, "acme", Waiter::taker(1));
  const auto now = std::chrono::steady_clock::now();
  for (int i = 0; i != WatchedInboxes::lookers_burst; ++i) {
    looker.wait();
    watched_.changed(*state, 1, true, now);
    EXPECT_TRUE(looker.woken());
  }
  EXPECT_FALSE(ends.next());
  looker.wait();
  taker.wait();
  watched_.changed(*state, 1, true, now);
  EXPECT_TRUE(taker.woken());
  EXPECT_TRUE(looker.waits());
  ASSERT_TRUE(ends.next());
  EXPECT_LE(*ends.next(), now + WatchedInboxes::lookers_pause);
  watched_.tell_lookers(now + WatchedInboxes::lookers_pause);
  EXPECT_TRUE(looker.woken());
  EXPECT_FALSE(ends.next());
}

TEST_F(DueEndsTest, NothingIsDueInARemovedInbox) {
  DueEnds ends(&watched_, time_);
  const State state = leased_inbox(1s);
  const auto reader = watch(state);
  clock_.advance(2s);
  EXPECT_EQ(due(ends).size(), 1U);
  watched_.removed(*state);
  ends.done(true);
  watched_.changed(*state, 0, false, {});
  EXPECT_FALSE(ends.next());
}

}  // namespace
}  // namespace triggers::store
