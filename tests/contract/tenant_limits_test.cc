// The limits of what one tenant stores, on every engine that keeps inboxes: what counts, from when to when, and that
// nobody else is affected.

#include <algorithm>
#include <atomic>

#include "contract/inbox_verbs.h"

namespace triggers::store {

static bool operator==(const Appended& a, const Appended& b) {
  return a.outcome == b.outcome && a.id == b.id && a.limit == b.limit;
}

}  // namespace triggers::store

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using enum Appended::Outcome;
using Ids = std::vector<EventId>;
TRIGGERS_INBOX_CONTRACT(TenantLimitsContract);

const InboxName crm = named("crm");
const Tenant other{"other"};

Appended refused(StorageLimit limit) { return {.outcome = no_room, .limit = limit}; }

/// What numbered(0) to numbered(9) count.
std::uint64_t bytes_of_one() {
  const Draft draft = numbered(1);
  return stored_bytes(draft.event_type, {}, draft.payload, {});
}

TEST_P(TenantLimitsContract, EventThatWouldPassTheBytesIsRefusedAndTheNextThatFitsIsTaken) {
  Draft rich = numbered(1);
  rich.source = "shop";
  rich.metadata = R"({"a":1})";
  options.tenant_limits.bytes_max = 2 * bytes_of_one() + 4 + 7;
  EXPECT_EQ(append(rich).outcome, accepted);
  EXPECT_EQ(append({.event_type = numbered(2).event_type + "s", .payload = numbered(2).payload}),
            refused(StorageLimit::tenant_bytes));
  EXPECT_EQ(append(numbered(3)).outcome, accepted);
  EXPECT_EQ(append(numbered(4)), refused(StorageLimit::tenant_bytes));
  EXPECT_EQ(drain().size(), 2U);
}

TEST_P(TenantLimitsContract, OneTenantAtItsLimitsAffectsNoOther) {
  options.tenant_limits = {.bytes_max = bytes_of_one(), .undelivered_max = 1};
  EXPECT_EQ(append(numbered(1)).outcome, accepted);
  EXPECT_EQ(append(numbered(2)).outcome, no_room);
  EXPECT_EQ(append(other, numbered(1)).outcome, accepted);
  EXPECT_EQ(append(other, numbered(2)).outcome, no_room);
}

TEST_P(TenantLimitsContract, DuplicateOfAStoredEventIsAnsweredAtTheLimit) {
  options.tenant_limits.bytes_max = bytes_of_one();
  const Appended first = append(numbered(1));
  EXPECT_EQ(append(numbered(1)), (Appended{duplicate, first.id}));
  EXPECT_EQ(append(numbered(2)).outcome, no_room);
}

TEST_P(TenantLimitsContract, RefusedEventLeavesNoTraceAndIsAcceptedLater) {
  options.tenant_limits.undelivered_max = 1;
  const Appended first = append(numbered(1));
  Draft keyed = numbered(2);
  keyed.idempotency_key = "key";
  EXPECT_EQ(append(keyed), refused(StorageLimit::tenant_undelivered));
  EXPECT_EQ(append(keyed), refused(StorageLimit::tenant_undelivered));
  acknowledge(first.id);
  const Appended later = append(keyed);
  EXPECT_EQ(later.outcome, accepted);
  EXPECT_EQ(append(keyed), (Appended{duplicate, later.id}));
}

TEST_P(TenantLimitsContract, BatchHasAResultForEachEvent) {
  options.tenant_limits.bytes_max = 2 * bytes_of_one();
  const auto answers = append_batch({numbered(1), numbered(2), numbered(1), numbered(3), numbered(2)});
  ASSERT_EQ(answers.size(), 5U);
  if (!engine().orders_by_commit()) {
    // The events of a batch are stored at the same time, so any two of the three have the room.
    const auto of = [&](Appended::Outcome outcome) { return std::ranges::count(answers, outcome, &Appended::outcome); };
    EXPECT_EQ(of(accepted), 2);
    EXPECT_EQ(of(accepted) + of(duplicate) + of(no_room), 5);
    EXPECT_GE(of(duplicate), 1);
    EXPECT_EQ(drain().size(), 2U);
    return;
  }
  EXPECT_EQ(answers[0].outcome, accepted);
  EXPECT_EQ(answers[1].outcome, accepted);
  EXPECT_EQ(answers[2], (Appended{duplicate, answers[0].id}));
  EXPECT_EQ(answers[3], refused(StorageLimit::tenant_bytes));
  EXPECT_EQ(answers[4], (Appended{duplicate, answers[1].id}));
}

TEST_P(TenantLimitsContract, BytesCountUntilTheEventLeavesTheLog) {
  options.tenant_limits.bytes_max = 2 * bytes_of_one();
  const auto ids = fill(2);
  acknowledge(ids);
  pass(options.event_ttl - 1h);
  engine().sweep(10);
  EXPECT_EQ(append(numbered(5)).outcome, no_room) << "acknowledged events are stored";
  // An engine may believe the time since its last event only a day after a start.
  restart();
  EXPECT_EQ(engine().sweep(10), 0U);
  pass(25h);
  EXPECT_EQ(engine().sweep(10), 2U);
  EXPECT_EQ(append(numbered(5)).outcome, accepted);
  restart();
  EXPECT_EQ(append(numbered(6)).outcome, accepted);
  EXPECT_EQ(append(numbered(7)).outcome, no_room);
}

TEST_P(TenantLimitsContract, UndeliveredIsTheSumOfAllInboxesAndKnownAfterARestart) {
  options.tenant_limits.undelivered_max = 5;
  put(crm);
  const auto ids = fill(2);
  EXPECT_EQ(append(numbered(5)), refused(StorageLimit::tenant_undelivered)) << "it would be two more entries";
  restart();
  EXPECT_EQ(append(numbered(5)), refused(StorageLimit::tenant_undelivered));
  acknowledge_in(crm, {ids[0]});
  EXPECT_EQ(append(numbered(5)).outcome, accepted);
  EXPECT_EQ(append(numbered(6)).outcome, no_room);
  // Gone with its entries.
  remove(crm);
  settle();
  EXPECT_EQ(append(numbered(6)).outcome, accepted);
}

TEST_P(TenantLimitsContract, LeasedEntriesAreUndeliveredAndDeadOnesAreNot) {
  options.tenant_limits.undelivered_max = 1;
  put({}, {.max_attempts = 1});
  fill(1);
  const Leased leased = lease(1);
  EXPECT_EQ(append(numbered(5)).outcome, no_room);
  release(leased);
  EXPECT_EQ(counts(), (inbox::Counts{.dead = 1}));
  EXPECT_EQ(append(numbered(5)).outcome, accepted);
  // A requeue is no new event.
  EXPECT_EQ(requeue_all(), 1U);
  EXPECT_EQ(counts().available, 2U);
  EXPECT_EQ(append(numbered(6)).outcome, no_room);
}

TEST_P(TenantLimitsContract, EventThatNoInboxTakesIsNotUndelivered) {
  options.tenant_limits.undelivered_max = 1;
  fill(1);
  put({}, {.collect = false});
  EXPECT_EQ(append(numbered(5)).outcome, accepted);
}

TEST_P(TenantLimitsContract, ConsumingGoesOnAtTheLimit) {
  options.tenant_limits = {.bytes_max = 3 * bytes_of_one(), .undelivered_max = 3};
  const auto ids = fill(3);
  ASSERT_EQ(append(numbered(5)).outcome, no_room);
  const Leased leased = lease(2);
  EXPECT_EQ(release(leased, 0s, {}, std::vector{ids[1]}), all({ids[1]}, EntryStatus::released));
  EXPECT_EQ(acknowledge_by(leased, std::vector{ids[0]}), all({ids[0]}, EntryStatus::acknowledged));
  EXPECT_EQ(acknowledge({ids[1], ids[2]}), std::vector(2, AckStatus::acknowledged));
}

TEST_P(TenantLimitsContract, RacingAppendsStopExactlyAtTheLimit) {
  options.tenant_limits.bytes_max = 4 * bytes_of_one();
  engine();
  std::atomic<int> taken = 0;
  race(8, [&](std::size_t thread) {
    if (append(numbered(thread)).outcome == accepted) ++taken;
  });
  EXPECT_EQ(taken, 4);
  EXPECT_EQ(drain().size(), 4U);
}

TEST_P(TenantLimitsContract, AtMostSoManyAreLeasedThatHaveNotLeft) {
  options.tenant_limits.tracked_max = 3;
  put(crm);
  const auto ids = fill(5);
  const Leased two = lease(2);
  const Leased one = lease(LeaseRequest{.inbox = crm, .limit = 4});
  EXPECT_EQ(ids_of(one), Ids{ids[0]}) << "all inboxes of the tenant count";
  EXPECT_EQ(lease(1).outcome, Leased::Outcome::too_many_tracked);
  EXPECT_EQ(lease(LeaseRequest{.inbox = crm}).outcome, Leased::Outcome::too_many_tracked);
  EXPECT_TRUE(lease(1).events.empty());
  release(two);
  EXPECT_EQ(ids_of(lease(5)), Ids({ids[0], ids[1]})) << "what was leased before is handed out again, and nothing else";
  restart();
  EXPECT_EQ(lease(1).outcome, Leased::Outcome::too_many_tracked);
  acknowledge_in({}, {ids[0]});
  EXPECT_EQ(ids_of(lease(5)), Ids{ids[2]});
}

TEST_P(TenantLimitsContract, DeadEntriesCountAmongThoseThatHaveNotLeft) {
  options.tenant_limits.tracked_max = 2;
  put({}, {.max_attempts = 1});
  const auto ids = fill(4);
  release(lease(2));
  EXPECT_EQ(counts(), (inbox::Counts{.available = 2, .dead = 2}));
  EXPECT_EQ(lease(1).outcome, Leased::Outcome::too_many_tracked);
  EXPECT_EQ(discard({ids[0]}), all({ids[0]}, EntryStatus::discarded));
  EXPECT_EQ(ids_of(lease(5)), Ids{ids[2]});
  EXPECT_EQ(requeue({ids[1]}), all({ids[1]}, EntryStatus::requeued)) << "a dead entry comes back all the same";
  EXPECT_EQ(ids_of(lease(5)), Ids{ids[1]});
}

}  // namespace
}  // namespace triggers::store::contract
