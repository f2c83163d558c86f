// Leases of entries by several nodes. What one node alone must do is in tests/contract/lease_test.cc; nodes that die on
// the way are in inbox_faults_test.cc, what it costs in inbox_capacity_test.cc.

#include <map>
#include <thread>
#include <utility>

#include "dynamo/inbox_fleet.h"
#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using enum EntryStatus;
using Outcome = Leased::Outcome;

class InboxLeasesTest : public InboxFleetTest {
 protected:
  std::unique_ptr<InboxTestNode> one_ = inbox_node(), two_ = inbox_node();
};

TEST_F(InboxLeasesTest, LeaseThatEndsByItselfAndADeathAreTold) {
  LeaseStats told;
  inbox_config.on_leases = [&](const LeaseStats& stats) {
    told.timed_out += stats.timed_out;
    told.died += stats.died;
  };
  inbox.settings.max_attempts = 2;
  const auto node = inbox_node();
  accept(2);
  EXPECT_EQ(lease(*node, 2).events.size(), 2U);
  clock.advance(default_duration);
  const Leased again = lease(*node, 2);
  EXPECT_EQ(told.timed_out, 2U);
  EXPECT_EQ(told.died, 0U);
  release(*node, again);
  EXPECT_EQ(told.timed_out, 2U);
  EXPECT_EQ(told.died, 2U);
}

TEST_F(InboxLeasesTest, WhatIsLeasedOnOneNodeIsAcknowledgedOnAnother) {
  const Ids ids = accept(12);
  const Leased leased = lease(*one_, 10);
  ASSERT_EQ(leased.outcome, Outcome::leased);
  EXPECT_EQ(ids_of(leased), Ids(ids.begin(), ids.begin() + 10));
  EXPECT_EQ(leased.events[3].event.payload, numbered(3).payload);
  EXPECT_EQ(acknowledge_by(*two_, leased), all(ids_of(leased), acknowledged));
  EXPECT_EQ(acknowledge_by(*one_, leased, ids_of(leased)), all(ids_of(leased), already_acknowledged));
  EXPECT_EQ(ids_of(entries(*two_)), Ids(ids.begin() + 10, ids.end()));
  EXPECT_EQ(ids_of(lease(*two_, 10)), Ids(ids.begin() + 10, ids.end()));
  EXPECT_EQ(lease(*one_, 10).outcome, Outcome::nothing);
}

TEST_F(InboxLeasesTest, LeaseThatEndsComesBackOnEveryNodeWithItsAttempts) {
  const Ids ids = accept(3);
  const Leased lost = lease(*one_, 3);
  clock.advance(30s);
  const Leased again = lease(*two_, 3);
  EXPECT_EQ(ids_of(again), ids);
  EXPECT_EQ(attempts_of(again), std::vector<std::uint32_t>(3, 2));
  EXPECT_EQ(acknowledge_by(*one_, lost, ids), all(ids, lease_lost));
  EXPECT_EQ(release(*two_, again), all(ids, released));
  EXPECT_EQ(attempts_of(lease(*one_, 3)), std::vector<std::uint32_t>(3, 3));
}

TEST_F(InboxLeasesTest, NodeLeasesAllThatCameBackAlsoIfItHasSeenNoneOfItBefore) {
  const Ids ids = accept(60);
  lease(*one_, 60);
  clock.advance(30s);
  EXPECT_EQ(ids_of(lease(*two_, 100)), ids);
}

/// Lets a tenant lease only what was leased before.
class NoRoom final : public dynamo::TrackedRoom {
 public:
  Task<Result<std::uint64_t>> tracked_room(const Tenant&) override { co_return 0; }
};

TEST_F(InboxLeasesTest, LeaseWithoutRoomForFreshEntriesTakesAllThatCameBackBehindThem) {
  const Ids ids = accept(30);
  // A write is lost, so the oldest entry stays fresh.
  const auto record = dynamo::layout::record_key(tenant, 0, ids.front());
  one_->caller.retries_at_once = 0;
  one_->caller.lose_request = [&](dynamo::ApiCall api_call, const boost::json::object& body) {
    if (api_call != dynamo::ApiCall::put_item) return false;
    const auto& item = body.at("Item").as_object();
    return item.at("k") == record.at("k") && item.at("i") == record.at("i");
  };
  EXPECT_EQ(lease(*one_, 30).events.size(), 29U);
  clock.advance(30s);
  NoRoom none;
  two_->inboxes.limit_tracked(none);
  EXPECT_EQ(ids_of(lease(*two_, 100)), Ids(ids.begin() + 1, ids.end()));
  EXPECT_EQ(lease(*two_, 100).outcome, Outcome::too_many_tracked);
}

TEST_F(InboxLeasesTest, EntryThatAnotherNodeHasLeasedAndReleasedMeanwhileIsLeased) {
  const Ids ids = accept(2);
  int records = 0;
  one_->caller.before = [&](dynamo::ApiCall api_call, const boost::json::object& body) {
    if (api_call != dynamo::ApiCall::put_item || !writes(body, "r#") || records++ != 0) return;
    const Leased first = lease(*two_, 1);
    release(*two_, first);
  };
  const Leased leased = lease(*one_, 2);
  EXPECT_EQ(ids_of(leased), ids);
  EXPECT_EQ(attempts_of(leased), (std::vector<std::uint32_t>{2, 1}));
}

TEST_F(InboxLeasesTest, EntryThatDiesOrIsRequeuedIsListedAtEveryMoment) {
  inbox.settings.max_attempts = 1;
  const Ids ids = accept(1);
  const Leased leased = lease(*one_, 1);
  int looks = 0;
  // Each time, it is looked for first where it was.
  const auto look = [&](std::optional<EntryState> first, std::optional<EntryState> then) {
    one_->caller.before = [=, this, &looks](dynamo::ApiCall api_call, const auto&) {
      if (!is_write(api_call)) return;
      ++looks;
      const bool is_listed = entries(*two_, first).size() == 1 || entries(*two_, then).size() == 1;
      EXPECT_TRUE(is_listed) << "before write " << looks;
    };
  };
  look(std::nullopt, EntryState::dead);
  EXPECT_EQ(release(*one_, leased), all(ids, released));
  EXPECT_GE(looks, 3);
  look(EntryState::dead, std::nullopt);
  EXPECT_EQ(call(*one_, [&](Entries& entries) { return entries.requeue(ids); }).value(), all(ids, requeued));
  EXPECT_GE(looks, 7);
}

TEST_F(InboxLeasesTest, EntryWhoseLastLeaseNobodyHasEndedYetIsListedAsDead) {
  inbox.settings.max_attempts = 1;
  inbox_config.due.entries_max = 0;  // As if there was no time.
  const auto reader = inbox_node();
  const Ids ids = accept(2);
  lease(*one_, 1);
  clock.advance(30s);
  EXPECT_EQ(ids_of(entries(*reader)), Ids{ids[1]});
  EXPECT_EQ(ids_of(entries(*reader, EntryState::dead)), Ids{ids[0]});
}

TEST_F(InboxLeasesTest, EntryThatHasHadAllAttemptsOfALoweredLimitIsListedAsDead) {
  const Ids ids = accept(1);
  for (int i = 0; i < 2; ++i) release(*one_, lease(*one_, 1));
  inbox.settings.max_attempts = 2;
  EXPECT_TRUE(entries(*two_).empty());
  EXPECT_EQ(ids_of(entries(*two_, EntryState::dead)), ids);
}

TEST_F(InboxLeasesTest, LeaseThatIsExtendedWhileAnotherNodeEndsItIsStillKnownByItsIdAlone) {
  const Ids ids = accept(1);
  const Leased leased = lease(*one_, 1, 1s);
  bool begun = false, written = false;
  // The holder's write takes so long that the lease would have ended. The other node reads the record before it is
  // done, and tries to end the lease after it.
  one_->caller.before = [&](dynamo::ApiCall api_call, const boost::json::object& extension) {
    if (api_call != dynamo::ApiCall::put_item || !writes(extension, "r#") || std::exchange(begun, true)) return;
    clock.advance(2s);
    two_->caller.before = [&](dynamo::ApiCall other_call, const boost::json::object& body) {
      if (other_call != dynamo::ApiCall::put_item || !writes(body, "r#") || std::exchange(written, true)) return;
      EXPECT_TRUE(sync_wait(real->call(api_call, extension, dynamo::Repeat::once, 5s)).ok());
    };
    EXPECT_TRUE(call(*two_, [](Entries& entries) { return entries.poll(); }).ok());
  };
  const auto extended = call(*one_, [&](Entries& entries) { return entries.extend(leased.lease, ids, 60s); });
  EXPECT_EQ(extended.value().results, all(ids, EntryStatus::extended));
  EXPECT_EQ(acknowledge_by(*two_, leased), all(ids, acknowledged));
}

TEST_F(InboxLeasesTest, LeaseIsKnownByItsIdAloneAlsoAfterItWasExtended) {
  const Ids ids = accept(3);
  const Leased leased = lease(*one_, 3);
  for (int i = 0; i < 3; ++i) {
    clock.advance(20s);
    const Extended extended =
        call(*two_, [&](Entries& entries) { return entries.extend(leased.lease, std::nullopt, 30s); }).value();
    EXPECT_EQ(extended.results, all(ids, EntryStatus::extended));
    EXPECT_FALSE(call(*one_, [](Entries& entries) { return entries.visit(); }).value());
  }
  EXPECT_EQ(lease(*one_, 3).outcome, Outcome::nothing);
  EXPECT_EQ(acknowledge_by(*one_, leased), all(ids, acknowledged));
}

TEST_F(InboxLeasesTest, NodesThatRaceNeverHoldTheSameEntry) {
  constexpr std::size_t events = 150, threads = 6;
  accept(events);
  std::vector<Ids> taken(threads);
  {
    std::vector<std::jthread> racers;
    for (std::size_t i = 0; i < threads; ++i) {
      racers.emplace_back([&, i] {
        InboxTestNode& at = i % 2 == 0 ? *one_ : *two_;
        for (;;) {
          const Leased leased = lease(at, 7);
          if (leased.outcome != Outcome::leased) return;
          for (const EventId& id : ids_of(leased)) taken[i].push_back(id);
        }
      });
    }
  }
  std::map<EventId, int> holders;
  for (const Ids& of_one : taken) {
    for (const EventId& id : of_one) ++holders[id];
  }
  EXPECT_EQ(holders.size(), events);
  for (const auto& [id, count] : holders) EXPECT_EQ(count, 1) << id.text();
}

TEST_F(InboxLeasesTest, NodesThatRaceEndALeaseOnce) {
  const Ids ids = accept(20);
  lease(*one_, 20);
  clock.advance(30s);
  std::vector<std::jthread> racers;
  for (InboxTestNode* const at : {one_.get(), two_.get()}) racers.emplace_back([&, at] { view(*at); });
  racers.clear();
  EXPECT_EQ(ids_of(entries(*two_, EntryState::available)), ids);
  const Leased again = lease(*two_, 30);
  EXPECT_EQ(ids_of(again), ids);
  EXPECT_EQ(attempts_of(again), std::vector<std::uint32_t>(20, 2));
}

TEST_F(InboxLeasesTest, EntryThatBecomesVisibleLateIsLeased) {
  // The first write of an event is not made, and its outcome is unknown: the writer makes it later.
  Node slow = node();
  std::optional<boost::json::object> late;
  slow.caller->lose_request = [&](dynamo::ApiCall api_call, const boost::json::object& body) {
    if (late || !puts_event(api_call, body)) return false;
    late = body;
    return false;
  };
  slow.caller->answer_instead = [&](dynamo::ApiCall api_call,
                                    const boost::json::object& body) -> std::optional<dynamo::CallResult> {
    if (!puts_event(api_call, body)) return std::nullopt;
    return dynamo::CallError{dynamo::CallError::Kind::throttled, "not now", {}};
  };
  ASSERT_FALSE(try_append(slow, numbered(1)).ok());
  ASSERT_TRUE(late);
  clock.advance(1ms);
  const Ids later = accept(2, 100);
  EXPECT_EQ(ids_of(lease(*one_, 5)), later);
  ASSERT_TRUE(sync_wait(real->call(dynamo::ApiCall::put_item, *late, dynamo::Repeat::once, 5s)).ok());
  std::this_thread::sleep_for(inbox_config.look_every);
  const Leased found = lease(*one_, 5);
  ASSERT_EQ(found.events.size(), 1U);
  EXPECT_LT(found.events[0].event.id, later[0]);
}

TEST_F(InboxLeasesTest, CountsOfANodeAreThoseOfAllOnceTheyAreWritten) {
  accept(6);
  lease(*one_, 2);
  release(*two_, lease(*two_, 2), 60s);
  for (InboxTestNode* const at : {one_.get(), two_.get()}) {
    sync_wait(at->undelivered.flush({}));
    sync_wait(at->inboxes.flush(true));
  }
  const auto counts = view(*inbox_node()).counts;
  EXPECT_EQ(counts.leased, 2U);
  EXPECT_EQ(counts.delayed, 2U);
}

TEST_F(InboxLeasesTest, CountsThatADeadNodeHasNotWrittenAreCorrected) {
  const Ids ids = accept(3);
  const Leased leased = lease(*one_, 3);
  sync_wait(one_->inboxes.flush(true));
  acknowledge_by(*one_, leased);
  one_.reset();  // Without a flush: it takes what it has counted with it.
  EXPECT_EQ(view(*two_).counts.leased, 3U);
  for (int i = 0; i < 3; ++i) {
    clock.advance(20s);
    EXPECT_FALSE(call(*two_, [](Entries& entries) { return entries.visit(); }).value());
  }
  EXPECT_EQ(view(*two_).counts.leased, 0U);
}

TEST_F(InboxLeasesTest, WrongCountDoesNotRefuseLeasesForEver) {
  inbox_config.leased_max = 3;
  one_ = inbox_node();
  two_ = inbox_node();
  accept(3);
  const Leased leased = lease(*one_, 3);
  sync_wait(one_->inboxes.flush(true));
  acknowledge_by(*one_, leased);
  one_.reset();
  accept(300, 100);
  EXPECT_EQ(lease(*two_, 1).outcome, Outcome::too_many_leased);
  clock.advance(11s);
  EXPECT_EQ(lease(*two_, 1).outcome, Outcome::too_many_leased);
  EXPECT_EQ(lease(*two_, 1).outcome, Outcome::leased);
}

TEST_F(InboxLeasesTest, EntryWhosePlaceAmongThoseThatCameBackCannotBeWrittenIsNotLost) {
  const Ids ids = accept(2);
  lease(*one_, 2);
  clock.advance(30s);
  one_->caller.answer_instead = [&](dynamo::ApiCall api_call,
                                    const boost::json::object& body) -> std::optional<dynamo::CallResult> {
    if (api_call != dynamo::ApiCall::put_item || !writes(body, "b#")) return std::nullopt;
    return dynamo::CallError{dynamo::CallError::Kind::throttled, "slower", {}};
  };
  EXPECT_EQ(lease(*one_, 2).outcome, Outcome::nothing);
  EXPECT_EQ(ids_of(lease(*two_, 2)), ids);
  one_->caller.answer_instead = {};
  clock.advance(30s);
  const Leased again = lease(*one_, 2);
  EXPECT_EQ(ids_of(again), ids);
  one_->caller.answer_instead = [&](dynamo::ApiCall api_call,
                                    const boost::json::object& body) -> std::optional<dynamo::CallResult> {
    if (api_call != dynamo::ApiCall::put_item || !writes(body, "b#")) return std::nullopt;
    return dynamo::CallError{dynamo::CallError::Kind::throttled, "slower", {}};
  };
  EXPECT_EQ(release(*one_, again), all(ids, released));
  EXPECT_EQ(ids_of(lease(*two_, 2)), ids) << "at once, not only when the lease would have ended";
}

TEST_F(InboxLeasesTest, LeasesOfAllNodesCountAgainstTheLimit) {
  inbox_config.leased_max = 5;
  one_ = inbox_node();
  two_ = inbox_node();
  accept(8);
  EXPECT_EQ(lease(*one_, 4).events.size(), 4U);
  sync_wait(one_->inboxes.flush(true));
  EXPECT_EQ(lease(*two_, 4).events.size(), 1U);
  sync_wait(two_->inboxes.flush(true));
  EXPECT_EQ(lease(*one_, 4).outcome, Outcome::too_many_leased);
}

TEST_F(InboxLeasesTest, ReaderIsWokenByWhatAnotherNodeMakesAvailable) {
  const auto arrivals = one_->inboxes.arrivals(tenant, 0);
  const auto poll = [&] { EXPECT_TRUE(call(*one_, [](Entries& entries) { return entries.poll(); }).ok()); };
  poll();
  auto version = arrivals->version();
  const auto woken = [&] {
    poll();
    return std::exchange(version, arrivals->version()) != arrivals->version();
  };
  EXPECT_FALSE(woken());
  accept(2);
  EXPECT_TRUE(woken());
  EXPECT_FALSE(woken());
  const Leased first = lease(*two_, 1), second = lease(*two_, 1, 60s);
  EXPECT_FALSE(woken());
  release(*two_, first);
  EXPECT_TRUE(woken());
  EXPECT_FALSE(woken());
  clock.advance(60s);
  EXPECT_TRUE(woken()) << "a lease of another node has ended";
}

}  // namespace
}  // namespace triggers::store
