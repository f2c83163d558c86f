// Entries whose attempts are used up, on every engine that keeps inboxes.

#include "base/sync_wait.h"
#include "contract/inbox_verbs.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using enum EntryStatus;
using Ids = std::vector<EventId>;

class DeadLettersContract : public InboxVerbs {
 protected:
  /// Appends so many events to an inbox that allows one attempt, and lets all of them fail.
  Ids dead(std::size_t count, std::size_t first = 0) {
    put({}, {.max_attempts = 1});
    const Ids ids = fill(count, first);
    EXPECT_EQ(release(lease(count), 0s, "broken"), all(ids, released));
    return ids;
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, DeadLettersContract, testing::Values(engine_under_test()),
                         [](const auto& instance) { return instance.param.name; });

TEST_P(DeadLettersContract, EntryIsDeadAfterItsLastAttempt) {
  put({}, {.max_attempts = 2});
  const auto ids = fill(1);
  lease(1);
  pass(30s);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1}));
  lease(1);
  pass(30s);
  EXPECT_EQ(counts(), (inbox::Counts{.dead = 1}));
  EXPECT_EQ(lease(1).outcome, Leased::Outcome::nothing);
  EXPECT_TRUE(drain().empty());
  EXPECT_EQ(unacknowledged(), 0U);
  EXPECT_TRUE(entries().empty());
  restart();
  const auto listed = entries({}, EntryState::dead);
  ASSERT_EQ(ids_of(listed), ids);
  EXPECT_EQ(listed[0].attempts, 2U);
  EXPECT_FALSE(listed[0].last_failure);
}

TEST_P(DeadLettersContract, ReleasedEntryIsDeadWhateverTheDelay) {
  put({}, {.max_attempts = 1});
  const auto ids = fill(1);
  EXPECT_EQ(release(lease(1), 60s, "no"), all(ids, released));
  EXPECT_EQ(counts(), (inbox::Counts{.dead = 1}));
  restart();
  const auto listed = entries({}, EntryState::dead);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].last_failure, (inbox::Failure{"no", clock.now()}));
}

TEST_P(DeadLettersContract, WithoutALimitNothingDies) {
  put({}, {.max_attempts = std::nullopt});
  fill(1);
  for (std::uint32_t attempt = 1; attempt != 15; ++attempt) {
    const Leased leased = lease(1);
    EXPECT_EQ(attempts_of(leased), std::vector{attempt});
    release(leased);
  }
}

TEST_P(DeadLettersContract, RequeuedEntryBeginsAgain) {
  const auto ids = dead(2);
  EXPECT_EQ(requeue({ids[0]}), all({ids[0]}, requeued));
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1, .dead = 1}));
  restart();
  EXPECT_EQ(ids_of(drain()), Ids{ids[0]});
  EXPECT_EQ(entries()[0].attempts, 0U);
  EXPECT_EQ(entries()[0].last_failure->error, "broken");
  const Leased leased = lease(2);
  EXPECT_EQ(ids_of(leased), Ids{ids[0]});
  EXPECT_EQ(attempts_of(leased), std::vector<std::uint32_t>{1});
  EXPECT_EQ(acknowledge_by(leased), all({ids[0]}, acknowledged));
}

TEST_P(DeadLettersContract, RequeuedEntryIsOlderThanWhatCameLater) {
  const auto ids = dead(1);
  const auto later = fill(2, 100);
  EXPECT_EQ(page({.limit = 1}).events.at(0).id, later[0]);
  requeue(ids);
  EXPECT_EQ(ids_of(drain()), (Ids{ids[0], later[0], later[1]}));
  EXPECT_EQ(ids_of(lease(2)), (Ids{ids[0], later[0]}));
}

TEST_P(DeadLettersContract, DiscardedEntryLeaves) {
  const auto ids = dead(2);
  EXPECT_EQ(discard({ids[0], ids[0]}), (Results{{ids[0], discarded}, {ids[0], not_found}}));
  restart();
  EXPECT_EQ(ids_of(entries({}, EntryState::dead)), Ids{ids[1]});
  EXPECT_EQ(requeue({ids[0]}), all({ids[0]}, not_found));
  EXPECT_EQ(acknowledge(ids[0]), AckStatus::not_found);
  EXPECT_FALSE(get(ids[0])->acknowledged_at);
}

TEST_P(DeadLettersContract, OnlyDeadEntriesAreRequeuedOrDiscarded) {
  const auto ids = fill(3);
  const Leased leased = lease(1);
  release(lease(1), 60s);
  EXPECT_EQ(requeue(ids), all(ids, not_found));
  EXPECT_EQ(discard(ids), all(ids, not_found));
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1, .leased = 1, .delayed = 1}));
  EXPECT_EQ(acknowledge_by(leased), all({ids[0]}, acknowledged));
}

TEST_P(DeadLettersContract, DeadEntryCanBeAcknowledged) {
  const auto ids = dead(2);
  EXPECT_EQ(acknowledge_in({}, {ids[0]}), all({ids[0]}, acknowledged));
  EXPECT_EQ(acknowledge(ids[1]), AckStatus::acknowledged);
  EXPECT_EQ(counts(), inbox::Counts{});
  EXPECT_EQ(get(ids[0])->acknowledged_at, clock.now());
}

TEST_P(DeadLettersContract, AllAreRequeuedOrThoseOfOneType) {
  put({}, {.max_attempts = 1});
  Ids of_type, others;
  for (std::size_t i = 0; i != 300; ++i) {
    Draft draft = numbered(i);
    draft.event_type = i % 3 == 0 ? "a" : "b";
    (i % 3 == 0 ? of_type : others).push_back(append(draft).id);
  }
  release(lease(300));
  EXPECT_EQ(requeue_all("a"), 100U);
  EXPECT_EQ(ids_of(entries()), of_type);
  EXPECT_EQ(requeue_all("c"), 0U);
  EXPECT_EQ(requeue_all(), 200U);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 300}));
}

TEST_P(DeadLettersContract, AllAreDiscardedOrThoseOfOneType) {
  dead(3);
  append({.event_type = "other"});
  release(lease(1));
  EXPECT_EQ(discard_all("other"), 1U);
  EXPECT_EQ(counts(), (inbox::Counts{.dead = 3}));
  fill(1, 100);
  EXPECT_EQ(discard_all(), 3U);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1}));
}

TEST_P(DeadLettersContract, LoweredLimitKillsWhatWaitsAndARaisedOneBringsNothingBack) {
  const auto ids = fill(4);
  const Leased leased = lease(3);
  release(leased, 0s, {}, Ids{ids[0]});
  release(leased, 20s, {}, Ids{ids[1]});
  put({}, {.max_attempts = 1});
  settle();
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1, .leased = 1, .delayed = 1, .dead = 1}));
  EXPECT_EQ(ids_of(entries({}, EntryState::dead)), Ids{ids[0]});
  pass(20s);
  EXPECT_EQ(counts(), (inbox::Counts{.available = 1, .leased = 1, .dead = 2}));
  EXPECT_EQ(acknowledge_by(leased), all({ids[2]}, acknowledged));
  put({}, {.max_attempts = 5});
  settle();
  EXPECT_EQ(ids_of(lease(4)), Ids{ids[3]});
  EXPECT_EQ(counts(), (inbox::Counts{.leased = 1, .dead = 2}));
}

TEST_P(DeadLettersContract, DeadEntriesAreFilteredByType) {
  dead(3);
  const EventId other = append({.event_type = "other"}).id;
  release(lease(1));
  EntryQuery query{.state = EntryState::dead, .event_type = "other"};
  const EntryPage page = sync_wait(inboxes().entries(tenant, query)).value();
  ASSERT_EQ(ids_of(page.entries), Ids{other});
  EXPECT_FALSE(page.has_more);
  EXPECT_EQ(page.counts, (inbox::Counts{.dead = 4}));
}

}  // namespace
}  // namespace triggers::store::contract
