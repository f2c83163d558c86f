// How long entries stay in an inbox, and events in the log, on every engine that keeps inboxes. What acknowledging in
// `default` alone does is in retention_test.cc.

#include "contract/inbox_verbs.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using enum EntryStatus;
using Ids = std::vector<EventId>;
TRIGGERS_INBOX_CONTRACT(InboxRetentionContract);

const InboxName crm = named("crm");

TEST_P(InboxRetentionContract, UndeliveredEntryLeavesInEveryStateWhenItIsTooOld) {
  put({}, {.retention = std::chrono::days(7)});
  const auto ids = fill(3);
  pass(24h * 7 - 1h);
  const auto young = fill(1, 100);
  const Leased leased = lease(LeaseRequest{.limit = 2, .duration = 12h});
  release(leased, 12h, {}, Ids{ids[1]});
  pass(1h - 1ms);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 2, .leased = 1, .delayed = 1}));
  pass(1ms);
  for (int round = 0; round != 2; ++round) {
    EXPECT_EQ(ids_of(entries()), young);
    EXPECT_EQ(ids_of(drain()), young);
    EXPECT_EQ(counts(), (inbox::Counts{.available = 1}));
    EXPECT_EQ(acknowledge_by(leased, Ids{ids[0]}), all({ids[0]}, not_found));
    restart();
    settle();
  }
  EXPECT_TRUE(get(ids[0]));
  EXPECT_FALSE(get(ids[0])->acknowledged_at);
}

TEST_P(InboxRetentionContract, ShortenedRetentionAppliesToWhatIsThere) {
  const auto ids = fill(2);
  pass(24h * 10);
  EXPECT_EQ(counts().available, 2U);
  put({}, {.retention = std::chrono::days(10)});
  settle();
  EXPECT_EQ(counts(), inbox::Counts{});
  EXPECT_EQ(acknowledge(ids), std::vector(2, AckStatus::not_found));
}

TEST_P(InboxRetentionContract, DeadEntryLeavesSoLongAfterItsDeath) {
  put({}, {.max_attempts = 1, .dead_retention = std::chrono::days(2)});
  fill(1);
  pass(24h * 5);
  release(lease(1));
  // An engine may believe the time since its last event only a day after a start.
  restart();
  settle();
  pass(24h * 2 - 1ms);
  EXPECT_EQ(counts(), (inbox::Counts{.dead = 1}));
  pass(1ms);
  EXPECT_EQ(counts(), inbox::Counts{});
  EXPECT_TRUE(entries({}, EntryState::dead).empty());
}

TEST_P(InboxRetentionContract, RetentionOfUndeliveredEntriesIsNotThatOfDeadOnes) {
  put({}, {.max_attempts = 1, .retention = std::chrono::days(1), .dead_retention = std::chrono::days(30)});
  const auto ids = fill(2);
  release(lease(1));
  pass(24h);
  EXPECT_EQ(counts(), (inbox::Counts{.dead = 1}));
  EXPECT_EQ(ids_of(entries({}, EntryState::dead)), Ids{ids[0]});
}

TEST_P(InboxRetentionContract, LogKeepsWhatSomeInboxHoldsInAnyState) {
  put(crm, {.max_attempts = 1, .dead_retention = std::chrono::days(365)});
  const auto ids = fill(2);
  acknowledge(ids);
  release(lease(1, crm), 0s, {}, {}, crm);
  pass(24h * 60);
  EXPECT_EQ(counts(crm), (inbox::Counts{.available = 1, .dead = 1}));
  EXPECT_EQ(engine().sweep(100), 0U);
  restart();
  for (const EventId& id : ids) EXPECT_TRUE(get(id));
  EXPECT_EQ(entries(crm, EntryState::dead).at(0).event.payload, numbered(0).payload);
  EXPECT_EQ(ids_of(lease(1, crm)), Ids{ids[1]});
  EXPECT_EQ(engine().sweep(100), 0U);
}

TEST_P(InboxRetentionContract, TimeToLiveCountsFromTheLastAcknowledgement) {
  put(crm);
  const auto ids = fill(1);
  acknowledge(ids);
  pass(24h * 40);
  EXPECT_EQ(acknowledge_in(crm, ids), all(ids, acknowledged));
  pass(24h * 30 - 1ms);
  EXPECT_TRUE(get(ids[0]));
  EXPECT_EQ(engine().sweep(100), 0U);
  pass(1ms);
  EXPECT_FALSE(get(ids[0]));
  EXPECT_EQ(engine().sweep(100), 1U);
}

TEST_P(InboxRetentionContract, EventThatNoInboxTakesLivesFromItsAcceptance) {
  put({}, {.collect = false});
  const auto ids = fill(1);
  restart();
  EXPECT_TRUE(get(ids[0]));
  pass(24h * 30 - 1ms);
  EXPECT_TRUE(get(ids[0]));
  EXPECT_EQ(engine().sweep(100), 0U);
  pass(1ms);
  EXPECT_FALSE(get(ids[0]));
  EXPECT_EQ(engine().sweep(100), 1U);
}

TEST_P(InboxRetentionContract, RemovedInboxHoldsNothing) {
  put(crm);
  const auto ids = fill(2);
  acknowledge(ids);
  pass(24h * 40);
  EXPECT_TRUE(remove(crm));
  settle();
  EXPECT_TRUE(get(ids[0]));
  pass(24h * 30);
  EXPECT_FALSE(get(ids[0]));
  EXPECT_EQ(engine().sweep(100), 2U);
}

TEST_P(InboxRetentionContract, DiscardedAndPurgedEventsLiveFromThenOn) {
  put({}, {.max_attempts = 1});
  const auto ids = fill(2);
  release(lease(1));
  pass(24h * 20);
  discard({ids[0]});
  purge();
  pass(24h * 20);
  EXPECT_TRUE(get(ids[0]));
  EXPECT_TRUE(get(ids[1]));
  pass(24h * 10);
  EXPECT_FALSE(get(ids[0]));
  EXPECT_FALSE(get(ids[1]));
  EXPECT_EQ(engine().sweep(100), 2U);
}

TEST_P(InboxRetentionContract, TraceOfAnAcknowledgementLastsAsLongAsAnAcknowledgedEvent) {
  put(crm);
  const auto ids = fill(1);
  const Leased leased = lease(1);
  acknowledge_by(leased);
  pass(24h * 30 - 1ms);
  EXPECT_EQ(acknowledge_by(leased, ids), all(ids, already_acknowledged));
  pass(1ms);
  EXPECT_EQ(acknowledge_by(leased, ids), all(ids, not_found));
  EXPECT_EQ(ids_of(entries(crm)), ids);
}

}  // namespace
}  // namespace triggers::store::contract
