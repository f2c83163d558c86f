// Leases on every engine that keeps inboxes: who gets which entries, how long a lease lasts, and what it may do.

#include <map>

#include "base/sync_wait.h"
#include "contract/inbox_verbs.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using enum EntryStatus;
using Outcome = Leased::Outcome;
using Ids = std::vector<EventId>;
TRIGGERS_INBOX_CONTRACT(LeaseContract);

TEST_P(LeaseContract, LeaseTakesTheOldestEntriesOnce) {
  const auto ids = fill(5);
  const Leased first = lease(3);
  EXPECT_EQ(first.outcome, Outcome::leased);
  EXPECT_EQ(ids_of(first), (Ids{ids[0], ids[1], ids[2]}));
  EXPECT_EQ(attempts_of(first), (std::vector<std::uint32_t>{1, 1, 1}));
  EXPECT_EQ(first.until, clock.now() + 30s);
  const Leased second = lease(3);
  EXPECT_EQ(ids_of(second), (Ids{ids[3], ids[4]}));
  EXPECT_NE(first.lease, second.lease);
}

TEST_P(LeaseContract, NothingAvailableIsNoLease) {
  const Leased empty = lease(10);
  EXPECT_EQ(empty.outcome, Outcome::nothing);
  EXPECT_EQ(empty.lease, LeaseId{});
  EXPECT_EQ(empty.until, UnixMillis{});
  EXPECT_TRUE(empty.events.empty());
}

TEST_P(LeaseContract, LeasedEventIsWhole) {
  const Draft draft{.event_type = "a", .payload = R"({"x":1})", .source = "crm", .metadata = R"({"m":2})"};
  const EventId id = append(draft).id;
  const auto leased = lease(1);
  ASSERT_EQ(leased.events.size(), 1U);
  const StoredEvent& event = leased.events[0].event;
  EXPECT_EQ(event.id, id);
  EXPECT_EQ(event.event_type, draft.event_type);
  EXPECT_EQ(event.payload, draft.payload);
  EXPECT_EQ(event.source, draft.source);
  EXPECT_EQ(event.metadata, draft.metadata);
}

TEST_P(LeaseContract, LeasedEntriesStayUndelivered) {
  const auto ids = fill(3);
  lease(2);
  EXPECT_EQ(ids_of(drain()), ids);
  EXPECT_EQ(unacknowledged(), 3U);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1, .leased = 2}));
  EXPECT_EQ(ids_of(entries({}, EntryState::leased)), (Ids{ids[0], ids[1]}));
  EXPECT_EQ(ids_of(entries({}, EntryState::available)), Ids{ids[2]});
  EXPECT_EQ(ids_of(entries()), ids);
}

TEST_P(LeaseContract, HolderAcknowledgesWhatItHolds) {
  const auto ids = fill(4);
  const Leased leased = lease(3);
  EXPECT_EQ(acknowledge_by(leased, Ids{ids[1]}), all({ids[1]}, acknowledged));
  EXPECT_EQ(acknowledge_by(leased), all({ids[0], ids[2]}, acknowledged));
  EXPECT_EQ(ids_of(drain()), Ids{ids[3]});
  EXPECT_EQ(get(ids[0])->acknowledged_at, clock.now());
  EXPECT_TRUE(acknowledge_by(leased).empty());
}

TEST_P(LeaseContract, RepeatedAcknowledgementIsTold) {
  const auto ids = fill(2);
  const Leased leased = lease(2);
  EXPECT_EQ(acknowledge_by(leased, Ids{ids[0], ids[0]}),
            (Results{{ids[0], acknowledged}, {ids[0], already_acknowledged}}));
  restart();
  EXPECT_EQ(acknowledge_by(leased, ids), (Results{{ids[0], already_acknowledged}, {ids[1], acknowledged}}));
}

TEST_P(LeaseContract, EndedLeaseAcknowledgesNothing) {
  const auto ids = fill(2);
  const Leased lost = lease(2);
  pass(30s - 1ms);
  EXPECT_EQ(lease(2).outcome, Outcome::nothing);
  pass(1ms);
  EXPECT_EQ(acknowledge_by(lost, ids), all(ids, lease_lost));
  EXPECT_TRUE(acknowledge_by(lost).empty());
  const Leased next = lease(2);
  EXPECT_EQ(ids_of(next), ids);
  EXPECT_EQ(attempts_of(next), (std::vector<std::uint32_t>{2, 2}));
  EXPECT_EQ(acknowledge_by(lost, ids), all(ids, lease_lost));
  EXPECT_EQ(acknowledge_by(next, ids), all(ids, acknowledged));
  EXPECT_EQ(acknowledge_by(lost, ids), all(ids, lease_lost));
}

TEST_P(LeaseContract, CountsAreThoseOfNowThoughNobodyCalledSinceALeaseEnded) {
  fill(3);
  release(lease(1), 20s);
  lease(1);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1, .leased = 1, .delayed = 1}));
  clock.advance(20s);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 2, .leased = 1}));
  clock.advance(10s);
  EXPECT_EQ(sync_wait(inboxes().entries(tenant, {.inbox = {}})).value().counts, (inbox::Counts{.available = 3}));
}

TEST_P(LeaseContract, LeaseOutlivesARestart) {
  const auto ids = fill(2);
  const Leased leased = lease(1);
  restart();
  EXPECT_EQ(ids_of(lease(2)), Ids{ids[1]});
  EXPECT_EQ(acknowledge_by(leased), all({ids[0]}, acknowledged));
}

TEST_P(LeaseContract, AttemptsOutliveARestart) {
  const auto ids = fill(1);
  for (std::uint32_t attempt = 1; attempt != 4; ++attempt) {
    EXPECT_EQ(attempts_of(lease(1)), std::vector{attempt});
    restart();
    pass(30s);
  }
}

TEST_P(LeaseContract, AcknowledgingWithoutALeaseTakesTheEntryFromItsHolder) {
  const auto ids = fill(2);
  const Leased leased = lease(1);
  EXPECT_EQ(acknowledge_in({}, ids), all(ids, acknowledged));
  EXPECT_EQ(acknowledge_by(leased, Ids{ids[0]}), all({ids[0]}, lease_lost));
  EXPECT_EQ(acknowledge_in({}, ids), all(ids, already_acknowledged));
  EXPECT_EQ(unacknowledged(), 0U);
}

TEST_P(LeaseContract, OldAcknowledgementTakesLeasedEntriesToo) {
  const auto ids = fill(1);
  const Leased leased = lease(1);
  EXPECT_EQ(acknowledge(ids[0]), AckStatus::acknowledged);
  EXPECT_EQ(acknowledge_by(leased, ids), all(ids, lease_lost));
}

TEST_P(LeaseContract, UnknownEventIsNotFound) {
  const auto ids = fill(1);
  const Leased leased = lease(1);
  EventId unknown = ids[0];
  unknown.bytes[15] ^= 1;
  EXPECT_EQ(acknowledge_by(leased, Ids{unknown, ids[0]}), (Results{{unknown, not_found}, {ids[0], acknowledged}}));
  EXPECT_EQ(acknowledge_in({}, {unknown}), all({unknown}, not_found));
}

TEST_P(LeaseContract, LeaseLastsAsLongAsTheRequestSays) {
  fill(1);
  const Leased leased = lease(LeaseRequest{.duration = 12h});
  EXPECT_EQ(leased.until, clock.now() + 12h);
  pass(12h - 1ms);
  EXPECT_EQ(lease(1).outcome, Outcome::nothing);
  pass(1ms);
  EXPECT_EQ(lease(1).outcome, Outcome::leased);
}

TEST_P(LeaseContract, EntriesThatCameBackKeepTheirPlaceByAge) {
  const auto ids = fill(4);
  lease(LeaseRequest{.limit = 1, .duration = 60s});
  lease(LeaseRequest{.limit = 1, .duration = 10s});
  pass(10s);
  EXPECT_EQ(ids_of(lease(2)), (Ids{ids[1], ids[2]}));
  pass(50s);
  EXPECT_EQ(ids_of(lease(4)), ids);
}

TEST_P(LeaseContract, LeaseEndsWithTheBytesThatItMayTake) {
  Draft draft;
  for (char name = 'a'; name != 'f'; ++name) {
    draft.payload = R"({"text":")" + std::string(1'000, name) + R"("})";
    append(draft);
  }
  EXPECT_EQ(lease(LeaseRequest{.bytes_max = 3'000}).events.size(), 2U);
  EXPECT_EQ(lease(LeaseRequest{.bytes_max = 1}).events.size(), 1U);
  EXPECT_EQ(lease(LeaseRequest{}).events.size(), 2U);
}

TEST_P(LeaseContract, LeaseThatFindsNoMemoryChangesNothing) {
  Draft draft;
  draft.payload = R"({"text":")" + std::string(10'000, 'x') + R"("})";
  const EventId id = append(draft).id;
  FairBudget memory(15'000);
  FairBudget::Share all_of_it(&memory, "globex");
  ASSERT_TRUE(all_of_it.grow(14'000));
  const auto refused = sync_wait(inboxes().lease(tenant, LeaseRequest{.memory = &memory}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
  all_of_it.shrink(14'000);
  const Leased leased = lease(LeaseRequest{.memory = &memory});
  EXPECT_EQ(ids_of(leased), Ids{id});
  EXPECT_EQ(attempts_of(leased), std::vector<std::uint32_t>{1});
  EXPECT_GE(memory.bytes(), 10'000U);
}

TEST_P(LeaseContract, AtMostSoManyAreLeasedAtOnce) {
  options.leased_max = 5;
  const auto ids = fill(8);
  EXPECT_EQ(lease(3).events.size(), 3U);
  EXPECT_EQ(lease(3).events.size(), 2U);
  const Leased refused = lease(3);
  EXPECT_EQ(refused.outcome, Outcome::too_many_leased);
  EXPECT_TRUE(refused.events.empty());
  acknowledge_in({}, {ids[0]});
  EXPECT_EQ(ids_of(lease(3)), Ids{ids[5]});
}

TEST_P(LeaseContract, EmptyInboxIsEmptyThoughTooManyAreLeased) {
  options.tenant_limits.tracked_max = 1;
  fill(1);
  EXPECT_EQ(lease(1).events.size(), 1U);
  EXPECT_EQ(lease(1).outcome, Outcome::nothing);
}

TEST_P(LeaseContract, ReleasedEntryIsAvailableAtOnce) {
  const auto ids = fill(2);
  const Leased leased = lease(2);
  EXPECT_EQ(release(leased, 0s, {}, Ids{ids[0]}), all({ids[0]}, released));
  const Leased again = lease(2);
  EXPECT_EQ(ids_of(again), Ids{ids[0]});
  EXPECT_EQ(attempts_of(again), std::vector<std::uint32_t>{2});
  EXPECT_EQ(acknowledge_by(leased, ids), (Results{{ids[0], lease_lost}, {ids[1], acknowledged}}));
}

TEST_P(LeaseContract, ReleaseWithoutIdsReleasesWhatIsHeld) {
  const auto ids = fill(3);
  const Leased leased = lease(3);
  acknowledge_by(leased, Ids{ids[1]});
  EXPECT_EQ(release(leased), all({ids[0], ids[2]}, released));
  EXPECT_TRUE(release(leased).empty());
  EXPECT_EQ(release(leased, 0s, {}, Ids{ids[0], ids[1]}), all({ids[0], ids[1]}, lease_lost));
}

TEST_P(LeaseContract, DelayedEntryComesBackWhenItsDelayEnds) {
  const auto ids = fill(2);
  const Leased leased = lease(1);
  release(leased, 60s);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1, .delayed = 1}));
  EXPECT_EQ(ids_of(entries({}, EntryState::delayed)), Ids{ids[0]});
  EXPECT_EQ(ids_of(drain()), ids);
  EXPECT_EQ(acknowledge_by(leased, Ids{ids[0]}), all({ids[0]}, lease_lost));
  EXPECT_EQ(ids_of(lease(2)), Ids{ids[1]});
  restart();
  pass(60s - 1ms);
  EXPECT_EQ(ids_of(lease(2)), Ids{ids[1]});
  pass(1ms);
  EXPECT_EQ(ids_of(lease(2)), Ids{ids[0]});
}

TEST_P(LeaseContract, ErrorOfAReleaseIsKept) {
  const auto ids = fill(1);
  const UnixMillis failed_at = clock.now();
  release(lease(1), 0s, "no such customer é");
  clock.advance(1h);
  restart();
  release(lease(1));
  const auto listed = entries();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].attempts, 2U);
  ASSERT_TRUE(listed[0].last_failure);
  EXPECT_EQ(listed[0].last_failure->error, "no such customer é");
  EXPECT_EQ(listed[0].last_failure->at, failed_at);
  release(lease(1), 0s, "");
  EXPECT_EQ(entries()[0].last_failure->error, "");
}

TEST_P(LeaseContract, ExtendedLeaseLastsLonger) {
  const auto ids = fill(2);
  const Leased leased = lease(2);
  pass(20s);
  const Extended extended = extend(leased, 60s, Ids{ids[0]});
  EXPECT_EQ(extended.results, all({ids[0]}, EntryStatus::extended));
  EXPECT_EQ(extended.until, clock.now() + 60s);
  pass(59s);
  EXPECT_EQ(acknowledge_by(leased, ids), (Results{{ids[0], acknowledged}, {ids[1], lease_lost}}));
}

TEST_P(LeaseContract, ExtendingMayShortenALease) {
  const auto ids = fill(1);
  const Leased leased = lease(1);
  EXPECT_EQ(extend(leased, 1s).until, clock.now() + 1s);
  restart();
  pass(1s);
  EXPECT_EQ(ids_of(lease(1)), ids);
}

TEST_P(LeaseContract, EndedLeaseCannotBeExtendedOrReleased) {
  const auto ids = fill(1);
  const Leased leased = lease(1);
  pass(30s);
  const Extended refused = extend(leased, 60s, ids);
  EXPECT_EQ(refused.results, all(ids, lease_lost));
  EXPECT_FALSE(refused.until);
  EXPECT_FALSE(extend(leased, 60s).until);
  EXPECT_EQ(release(leased, 0s, "late", ids), all(ids, lease_lost));
  EXPECT_FALSE(entries()[0].last_failure);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1}));
}

TEST_P(LeaseContract, LeaseOfAnotherInboxHoldsNothingHere) {
  const InboxName crm = named("crm");
  put(crm);
  const auto ids = fill(1);
  const Leased leased = lease(1);
  EXPECT_EQ(acknowledge_by(leased, ids, crm), all(ids, lease_lost));
  EXPECT_EQ(release(leased, 0s, {}, ids, crm), all(ids, lease_lost));
  EXPECT_TRUE(acknowledge_by(leased, {}, crm).empty());
  EXPECT_EQ(counts(crm), (inbox::Counts{.available = 1}));
}

TEST_P(LeaseContract, ClockThatStepsBackDoesNotGiveAwayWhatIsLeased) {
  const auto ids = fill(1);
  const Leased leased = lease(1);
  clock.jump(-2h);
  settle();
  EXPECT_EQ(lease(1).outcome, Outcome::nothing);
  EXPECT_EQ(acknowledge_by(leased), all(ids, acknowledged));
}

TEST_P(LeaseContract, ClockThatStepsBackHardlyProlongsALease) {
  const auto ids = fill(1);
  const Leased lost = lease(1);
  clock.jump(-2h);
  pass(29s);
  EXPECT_EQ(lease(1).outcome, Outcome::nothing);
  pass(5s);
  EXPECT_EQ(ids_of(lease(1)), ids);
  EXPECT_EQ(acknowledge_by(lost, ids), all(ids, lease_lost));
}

TEST_P(LeaseContract, InboxSaysWhenItWasConsumedAndWhatIsOldest) {
  const auto ids = fill(1);
  EXPECT_FALSE(view().last_consumed_at);
  EXPECT_EQ(view().oldest_available_at, ids[0].time());
  clock.advance(5s);
  const auto later = fill(1, 100);
  lease(1);
  EXPECT_EQ(view().last_consumed_at, clock.now());
  EXPECT_EQ(view().oldest_available_at, later[0].time());
  clock.advance(5s);
  acknowledge_in({}, {later[0]});
  EXPECT_EQ(view().last_consumed_at, clock.now());
  EXPECT_FALSE(view().oldest_available_at);
}

TEST_P(LeaseContract, TenantsLeaseTheirOwnEventsOnly) {
  const Tenant other{"globex"};
  append(other, numbered(1));
  const EventId mine = append(numbered(1)).id;
  EXPECT_EQ(ids_of(lease(10)), Ids{mine});
}

TEST_P(LeaseContract, RacingLeasesNeverShareAnEntry) {
  const auto ids = fill(400);
  std::vector<Ids> taken(8);
  engine();
  race(taken.size(), [&](std::size_t thread) {
    for (;;) {
      const Leased leased = lease(7);
      if (leased.outcome != Outcome::leased) return;
      for (const EventId& id : ids_of(leased)) taken[thread].push_back(id);
    }
  });
  std::map<EventId, int> holders;
  for (const Ids& of_one : taken) {
    for (const EventId& id : of_one) ++holders[id];
  }
  EXPECT_EQ(holders.size(), ids.size());
  for (const auto& [id, count] : holders) EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace triggers::store::contract
