// Replays and purges, and the jobs that stand for them, on every engine that keeps inboxes.

#include "base/sync_wait.h"
#include "contract/inbox_verbs.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using enum EntryStatus;
using Ids = std::vector<EventId>;
TRIGGERS_INBOX_CONTRACT(ReplayPurgeContract);

const InboxName crm = named("crm");

TEST_P(ReplayPurgeContract, PurgeRemovesEverythingUndelivered) {
  put({}, {.max_attempts = 1});
  const auto ids = fill(4);
  release(lease(1));
  put({}, {.max_attempts = 5});
  const Leased leased = lease(2);
  release(leased, 60s, {}, Ids{ids[2]});
  const Job job = purge();
  EXPECT_EQ(job.kind, Job::Kind::purge);
  EXPECT_EQ(job.done, 3U);
  for (int round = 0; round != 2; ++round) {
    EXPECT_EQ(counts(), (inbox::Counts{.dead = 1}));
    EXPECT_TRUE(drain().empty());
    EXPECT_EQ(lease(4).outcome, Leased::Outcome::nothing);
    EXPECT_EQ(acknowledge_by(leased, Ids{ids[1]}), all({ids[1]}, not_found));
    restart();
    settle();
  }
  EXPECT_FALSE(get(ids[3])->acknowledged_at);
  const auto later = fill(1, 100);
  EXPECT_EQ(ids_of(drain()), later);
}

TEST_P(ReplayPurgeContract, PurgeLeavesOtherInboxes) {
  put(crm);
  const auto ids = fill(3);
  EXPECT_EQ(purge(crm).done, 3U);
  EXPECT_EQ(ids_of(drain()), ids);
  EXPECT_EQ(counts(crm), inbox::Counts{});
}

TEST_P(ReplayPurgeContract, ReplayPutsAcknowledgedEventsInAgain) {
  const auto ids = fill(3);
  const Leased leased = lease(2);
  acknowledge_by(leased);
  const Job job = replay();
  EXPECT_EQ(job.kind, Job::Kind::replay);
  EXPECT_EQ(job.done, 2U);
  for (int round = 0; round != 2; ++round) {
    EXPECT_EQ(ids_of(drain()), ids);
    EXPECT_EQ(counts(), (inbox::Counts{.available = 3}));
    EXPECT_FALSE(get(ids[0])->acknowledged_at);
    restart();
    settle();
  }
  const Leased again = lease(3);
  EXPECT_EQ(ids_of(again), ids);
  EXPECT_EQ(attempts_of(again), (std::vector<std::uint32_t>{1, 1, 1}));
  EXPECT_EQ(acknowledge_by(again), all(ids, acknowledged));
}

TEST_P(ReplayPurgeContract, LateRepeatDoesNotAcknowledgeAReplayedEntry) {
  const auto ids = fill(1);
  const Leased leased = lease(1);
  acknowledge_by(leased);
  replay();
  EXPECT_EQ(acknowledge_by(leased, ids), all(ids, already_acknowledged));
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1}));
}

TEST_P(ReplayPurgeContract, RepeatsAreNotDoubled) {
  put({}, {.max_attempts = 1});
  const auto ids = fill(3);
  release(lease(1));
  lease(1);
  EXPECT_EQ(replay().done, 0U);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1, .leased = 1, .dead = 1}));
  acknowledge(ids[2]);
  EXPECT_EQ(replay().done, 1U);
  EXPECT_EQ(replay().done, 0U);
}

TEST_P(ReplayPurgeContract, NewInboxIsFilledFromTheLogThroughItsFilter) {
  const auto early = fill(5);
  acknowledge(early[4]);
  put(crm, {.filter = R"({"payload":{"number":[{"numeric":[">=",3]}]}})", .collect = false});
  EXPECT_EQ(replay({}, crm).done, 2U);
  restart();
  EXPECT_EQ(ids_of(entries(crm)), (Ids{early[3], early[4]}));
  EXPECT_EQ(ids_of(lease(5, crm)), (Ids{early[3], early[4]}));
  EXPECT_TRUE(get(early[4])->acknowledged_at) << "that is of default alone";
}

TEST_P(ReplayPurgeContract, RangeIsByTheTimeOfAcceptanceAndByType) {
  Ids ids;
  std::vector<UnixMillis> times;
  for (std::size_t i = 0; i != 6; ++i) {
    Draft draft = numbered(i);
    draft.event_type = i % 2 == 0 ? "even" : "odd";
    ids.push_back(append(draft).id);
    times.push_back(clock.now());
    clock.advance(1s);
  }
  acknowledge(ids);
  EXPECT_EQ(replay({.since = times[1], .until = times[4]}).done, 3U);
  EXPECT_EQ(ids_of(drain()), (Ids{ids[1], ids[2], ids[3]}));
  EXPECT_EQ(replay({.since = times[2], .event_type = "odd"}).done, 1U);
  EXPECT_EQ(ids_of(drain()), (Ids{ids[1], ids[2], ids[3], ids[5]}));
}

TEST_P(ReplayPurgeContract, WhatHasLeftTheLogDoesNotComeBack) {
  const auto ids = fill(2);
  acknowledge(ids[0]);
  pass(24h * 15);
  acknowledge(ids[1]);
  pass(24h * 15);
  EXPECT_EQ(replay().done, 1U);
  EXPECT_EQ(ids_of(drain()), Ids{ids[1]});
  EXPECT_TRUE(get(ids[1]));
}

TEST_P(ReplayPurgeContract, ReplayedEventIsHeldAgain) {
  const auto ids = fill(1);
  acknowledge(ids);
  pass(24h * 29);
  replay();
  pass(24h * 60);
  EXPECT_EQ(engine().sweep(10), 0U);
  EXPECT_EQ(ids_of(drain()), ids);
  acknowledge(ids);
  pass(24h * 30 - 1ms);
  EXPECT_EQ(engine().sweep(10), 0U);
  pass(1ms);
  EXPECT_EQ(engine().sweep(10), 1U);
}

TEST_P(ReplayPurgeContract, WhatIsTooOldForTheInboxIsSkippedAndCounted) {
  const auto old = fill(2);
  acknowledge(old);
  pass(24h * 7);
  const auto young = fill(1, 100);
  acknowledge(young);
  put({}, {.retention = std::chrono::days(7)});
  const Job job = replay();
  EXPECT_EQ(job.done, 1U);
  EXPECT_EQ(job.skipped_too_old, 2U);
  EXPECT_EQ(ids_of(drain()), young);
}

TEST_P(ReplayPurgeContract, ReplayedEntryIsOlderThanWhatWaits) {
  const auto ids = fill(4);
  acknowledge(ids[1]);
  EXPECT_EQ(page({.limit = 1}).events.at(0).id, ids[0]);
  lease(1);
  replay();
  EXPECT_EQ(ids_of(lease(2)), (Ids{ids[1], ids[2]}));
}

TEST_P(ReplayPurgeContract, JobsAreShownForADayAndTheNewestTen) {
  const auto shown = [&](const Job& job, const InboxName& in) {
    return sync_wait(inboxes().job(tenant, in, job.id)).value();
  };
  put(crm);
  const Job first = purge();
  EXPECT_EQ(first.ended_at, clock.now());
  EXPECT_EQ(shown(first, {}), first);
  EXPECT_FALSE(shown(first, crm));
  EXPECT_NE(replay().id, first.id);
  for (int i = 0; i != 8; ++i) purge();
  EXPECT_TRUE(shown(first, {}));
  const Job last = purge();
  EXPECT_FALSE(shown(first, {}));
  pass(24h - 1ms);
  EXPECT_TRUE(shown(last, {}));
  pass(1ms);
  EXPECT_FALSE(shown(last, {}));
}

}  // namespace
}  // namespace triggers::store::contract
