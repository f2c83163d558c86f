// Which events every engine treats as duplicates by content. By idempotency key: idempotency_test.cc.

#include <atomic>

#include "contract/store_contract.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using Outcome = Appended::Outcome;
TRIGGERS_CONTRACT(DuplicatesContract);

constexpr event::Fingerprint collision{7, 7};

Draft colliding(std::size_t number) {
  Draft draft = numbered(number);
  draft.fingerprint = collision;
  return draft;
}

TEST_P(DuplicatesContract, EqualContentWithinTheWindowIsTheFirstEventAgain) {
  const auto first = append({.payload = R"({"a":1,"b":[2]})"});
  clock.advance(299s);
  const auto second = append({.payload = R"({ "b" : [2], "a" : 1 })", .source = "other", .metadata = R"({"m":1})"});
  EXPECT_EQ(second.outcome, Outcome::duplicate);
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(unacknowledged(), 1U);
  EXPECT_FALSE(get(first.id)->source);
}

TEST_P(DuplicatesContract, EqualContentAfterTheWindowIsANewEvent) {
  const auto first = append(numbered(1));
  clock.advance(300s);
  const auto second = append(numbered(1));
  EXPECT_EQ(second.outcome, Outcome::accepted);
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(append(numbered(1)).id, second.id);
  EXPECT_EQ(unacknowledged(), 2U);
}

TEST_P(DuplicatesContract, ADuplicateDoesNotProlongTheWindow) {
  append(numbered(1));
  clock.advance(200s);
  EXPECT_EQ(append(numbered(1)).outcome, Outcome::duplicate);
  clock.advance(100s);
  EXPECT_EQ(append(numbered(1)).outcome, Outcome::accepted);
}

TEST_P(DuplicatesContract, OtherTypeOrPayloadIsAnotherEvent) {
  append({.event_type = "a", .payload = R"({"n":1})"});
  EXPECT_EQ(append({.event_type = "b", .payload = R"({"n":1})"}).outcome, Outcome::accepted);
  EXPECT_EQ(append({.event_type = "a", .payload = R"({"n":1.0})"}).outcome, Outcome::accepted);
  EXPECT_EQ(append({.event_type = "a", .payload = R"({"n":"1"})"}).outcome, Outcome::accepted);
  EXPECT_EQ(unacknowledged(), 4U);
}

TEST_P(DuplicatesContract, AcknowledgedEventStillHasDuplicates) {
  const auto first = append(numbered(1));
  acknowledge(first.id);
  EXPECT_EQ(append(numbered(1)).outcome, Outcome::duplicate);
  EXPECT_EQ(unacknowledged(), 0U);
}

TEST_P(DuplicatesContract, DuplicatesAreKnownAfterARestart) {
  const auto first = append(numbered(1));
  for (int i = 0; i < 3; ++i) {
    clock.advance(90s);
    restart();
    const auto again = append(numbered(1));
    EXPECT_EQ(again.outcome, Outcome::duplicate);
    EXPECT_EQ(again.id, first.id);
  }
  clock.advance(30s);
  EXPECT_EQ(append(numbered(1)).outcome, Outcome::accepted);
}

TEST_P(DuplicatesContract, CollidingFingerprintsLoseNoEventAndHideNoDuplicate) {
  Draft one = numbered(1);
  Draft two = numbered(2);
  one.fingerprint = two.fingerprint = collision;
  const auto first = append(one);
  const auto second = append(two);
  EXPECT_EQ(second.outcome, Outcome::accepted);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(append(one).id, first.id);
    EXPECT_EQ(append(two).id, second.id);
    restart();
  }
  EXPECT_EQ(unacknowledged(), 2U);
}

TEST_P(DuplicatesContract, CollidingFingerprintsInOneBatchLoseNoEvent) {
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < 12; ++i) {
    drafts.push_back(numbered(i % 4));
    drafts.back().fingerprint = collision;
  }
  const auto answers = append_batch(drafts);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(answers[i].outcome, i < 4 ? Outcome::accepted : Outcome::duplicate) << i;
    EXPECT_EQ(answers[i].id, answers[i % 4].id) << i;
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(append(drafts[i]).id, answers[i].id);
  EXPECT_EQ(unacknowledged(), 4U);
}

TEST_P(DuplicatesContract, ManyCollisionsLoseNoEvent) {
  for (std::size_t i = 0; i < 40; ++i) {
    Draft draft = numbered(i);
    draft.fingerprint = collision;
    EXPECT_EQ(append(draft).outcome, Outcome::accepted);
    EXPECT_EQ(append(draft).outcome, Outcome::duplicate);
  }
  EXPECT_EQ(drain().size(), 40U);
}

TEST_P(DuplicatesContract, EachOfManyCollidingEventsIsStillFoundAsADuplicate) {
  std::vector<EventId> ids;
  for (std::size_t i = 0; i < 40; ++i) ids.push_back(append(colliding(i)).id);
  restart();
  for (std::size_t i = 0; i < 40; ++i) {
    const auto again = append(colliding(i));
    EXPECT_EQ(again.outcome, Outcome::duplicate) << i;
    EXPECT_EQ(again.id, ids[i]) << i;
  }
}

TEST_P(DuplicatesContract, CollidingEventIsADuplicateForItsOwnWindowAlsoOnceTheFirstIsPastIts) {
  append(colliding(1));
  clock.advance(200s);
  const auto second = append(colliding(2));
  clock.advance(150s);
  // The fingerprint's first content is past its window: the second one still is not.
  EXPECT_EQ(append(colliding(2)).id, second.id);
  const auto third = append(colliding(1));
  EXPECT_EQ(third.outcome, Outcome::accepted);
  EXPECT_EQ(append(colliding(1)).id, third.id);
  EXPECT_EQ(append(colliding(2)).id, second.id);
  clock.advance(200s);
  // Now the second is past its window too, and the third is not.
  EXPECT_EQ(append(colliding(1)).id, third.id);
  EXPECT_EQ(append(colliding(2)).outcome, Outcome::accepted);
}

TEST_P(DuplicatesContract, MembersOfOneNameInAnotherOrderAreAnotherEvent) {
  const auto first = append({.payload = R"({"a":1,"a":2,"b":3})"});
  EXPECT_EQ(append({.payload = R"({"a":2,"a":1,"b":3})"}).outcome, Outcome::accepted);
  EXPECT_EQ(append({.payload = R"({"b":3,"a":1,"a":2})"}).id, first.id);
}

TEST_P(DuplicatesContract, EqualEventsInOneBatchAreDuplicatesOfItsFirst) {
  append(numbered(5));
  const auto answers = append_batch({numbered(1), numbered(1), numbered(5), numbered(2), numbered(1)});
  EXPECT_EQ(answers[0].outcome, Outcome::accepted);
  EXPECT_EQ(answers[1].outcome, Outcome::duplicate);
  EXPECT_EQ(answers[2].outcome, Outcome::duplicate);
  EXPECT_EQ(answers[3].outcome, Outcome::accepted);
  EXPECT_EQ(answers[4].outcome, Outcome::duplicate);
  EXPECT_EQ(answers[1].id, answers[0].id);
  EXPECT_EQ(answers[4].id, answers[0].id);
  EXPECT_LT(answers[0].id, answers[3].id);
  EXPECT_EQ(unacknowledged(), 3U);
}

TEST_P(DuplicatesContract, OfSixtyFourRacingEqualAppendsOneIsAccepted) {
  engine();
  std::atomic<int> accepted{0};
  std::array<std::set<EventId>, 8> seen;
  race(8, [&](std::size_t thread) {
    for (int i = 0; i < 8; ++i) {
      const auto answer = append(numbered(1));
      accepted += answer.outcome == Outcome::accepted ? 1 : 0;
      seen[thread].insert(answer.id);
    }
  });
  EXPECT_EQ(accepted, 1);
  for (const auto& ids : seen) EXPECT_EQ(ids, seen[0]);
  EXPECT_EQ(seen[0].size(), 1U);
  EXPECT_EQ(drain().size(), 1U);
}

TEST_P(DuplicatesContract, RacingBatchesThatOverlapStoreEachEventOnce) {
  engine();
  race(8, [&](std::size_t thread) {
    std::vector<Draft> drafts;
    for (std::size_t i = 0; i < 100; ++i) drafts.push_back(numbered((i * 7 + thread * 13) % 100));
    append_batch(drafts);
  });
  EXPECT_EQ(drain().size(), 100U);
  EXPECT_EQ(unacknowledged(), 100U);
}

TEST_P(DuplicatesContract, WindowOfZeroTurnsTheComparisonOff) {
  options.dedup_window = 0s;
  append(numbered(1));
  clock.jump(-1h);
  EXPECT_EQ(append(numbered(1)).outcome, Outcome::accepted);
  EXPECT_EQ(append_batch({numbered(1), numbered(1)})[1].outcome, Outcome::accepted);
  EXPECT_EQ(unacknowledged(), 4U);
}

TEST_P(DuplicatesContract, ClockThatStepsBackHidesNoDuplicate) {
  const auto first = append(numbered(1));
  clock.jump(-10min);
  EXPECT_EQ(append(numbered(1)).id, first.id);
}

}  // namespace
}  // namespace triggers::store::contract
