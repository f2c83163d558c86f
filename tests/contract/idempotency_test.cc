// What an idempotency key does on every engine. Events without a key: duplicates_test.cc.

#include <atomic>

#include "contract/store_contract.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
using Outcome = Appended::Outcome;
TRIGGERS_CONTRACT(IdempotencyContract);

Draft keyed(std::size_t number, std::string key) {
  Draft draft = numbered(number);
  draft.idempotency_key = std::move(key);
  return draft;
}

TEST_P(IdempotencyContract, SameKeyAndEventIsTheFirstAnswerAgain) {
  const auto first = append(keyed(1, "k"));
  clock.advance(23h);
  const auto again = append(keyed(1, "k"));
  EXPECT_EQ(again.outcome, Outcome::duplicate);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(unacknowledged(), 1U);
}

TEST_P(IdempotencyContract, SameKeyAndOtherWritingOfTheSameEventIsAReplay) {
  const auto first = append({.payload = R"({"a":1,"b":2})", .idempotency_key = "k"});
  const auto again = append({.payload = R"({"b": 2, "a": 1})", .source = "s", .idempotency_key = "k"});
  EXPECT_EQ(again.outcome, Outcome::duplicate);
  EXPECT_EQ(again.id, first.id);
}

TEST_P(IdempotencyContract, SameKeyAndAnotherEventIsAMismatch) {
  const auto first = append(keyed(1, "k"));
  const auto other = append(keyed(2, "k"));
  EXPECT_EQ(other.outcome, Outcome::idempotency_mismatch);
  EXPECT_EQ(other.id, first.id);
  Draft other_type = keyed(1, "k");
  other_type.event_type = "other";
  EXPECT_EQ(append(other_type).outcome, Outcome::idempotency_mismatch);
  EXPECT_EQ(unacknowledged(), 1U);
}

TEST_P(IdempotencyContract, MismatchIsToldAlsoWhenFingerprintsCollide) {
  Draft one = keyed(1, "k");
  Draft two = keyed(2, "k");
  one.fingerprint = two.fingerprint = event::Fingerprint{1, 1};
  append(one);
  EXPECT_EQ(append(two).outcome, Outcome::idempotency_mismatch);
}

TEST_P(IdempotencyContract, EqualEventsWithTwoKeysAreTwoEvents) {
  const auto first = append(keyed(1, "k1"));
  const auto second = append(keyed(1, "k2"));
  EXPECT_EQ(second.outcome, Outcome::accepted);
  EXPECT_NE(first.id, second.id);
  EXPECT_EQ(append(keyed(1, "k1")).id, first.id);
  EXPECT_EQ(append(keyed(1, "k2")).id, second.id);
}

TEST_P(IdempotencyContract, KeyIsNotComparedWithContentThatCameWithoutOne) {
  append(numbered(1));
  EXPECT_EQ(append(keyed(1, "k")).outcome, Outcome::accepted);
  EXPECT_EQ(unacknowledged(), 2U);
}

TEST_P(IdempotencyContract, EventWithoutAKeyIsADuplicateOfOneThatHadAKey) {
  const auto first = append(keyed(1, "k"));
  const auto again = append(numbered(1));
  EXPECT_EQ(again.outcome, Outcome::duplicate);
  EXPECT_EQ(again.id, first.id);
}

TEST_P(IdempotencyContract, EventWithoutAKeyIsADuplicateOfTheFirstOfManyEqualOnesThatHadKeys) {
  const auto first = append(keyed(1, "k0"));
  std::vector<Draft> drafts;
  for (int i = 1; i < 100; ++i) drafts.push_back(keyed(1, "k" + std::to_string(i)));
  for (const auto& answer : append_batch(drafts)) EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(append(numbered(1)).id, first.id);
  restart();
  EXPECT_EQ(append(numbered(1)).id, first.id);
}

TEST_P(IdempotencyContract, EventWithoutAKeyIsADuplicateWhileAnyEqualOneThatHadAKeyIsWithinTheWindow) {
  append(keyed(1, "k1"));
  clock.advance(200s);
  const auto second = append(keyed(1, "k2"));
  clock.advance(150s);
  const auto again = append(numbered(1));
  EXPECT_EQ(again.outcome, Outcome::duplicate);
  EXPECT_EQ(again.id, second.id);
  clock.advance(150s);
  EXPECT_EQ(append(numbered(1)).outcome, Outcome::accepted);
}

TEST_P(IdempotencyContract, CollidingEventsWithKeysAreEachFoundWithoutOne) {
  std::vector<EventId> ids;
  for (std::size_t i = 0; i < 12; ++i) {
    Draft draft = keyed(i, "k" + std::to_string(i));
    draft.fingerprint = event::Fingerprint{1, 1};
    ids.push_back(append(draft).id);
    draft.idempotency_key = "l" + std::to_string(i);
    EXPECT_EQ(append(draft).outcome, Outcome::accepted);
  }
  for (std::size_t i = 0; i < 12; ++i) {
    Draft draft = numbered(i);
    draft.fingerprint = event::Fingerprint{1, 1};
    EXPECT_EQ(append(draft).id, ids[i]) << i;
  }
}

TEST_P(IdempotencyContract, ADuplicateByContentDoesNotClaimAKey) {
  append(numbered(1));
  append(numbered(1));
  EXPECT_EQ(append(keyed(2, "k")).outcome, Outcome::accepted);
}

TEST_P(IdempotencyContract, KeyIsFreeAfterItsWindow) {
  options.idempotency_window = 1h;
  const auto first = append(keyed(1, "k"));
  clock.advance(1h - 1ms);
  EXPECT_EQ(append(keyed(2, "k")).outcome, Outcome::idempotency_mismatch);
  clock.advance(1ms);
  const auto second = append(keyed(2, "k"));
  EXPECT_EQ(second.outcome, Outcome::accepted);
  EXPECT_EQ(append(keyed(2, "k")).id, second.id);
  EXPECT_NE(first.id, second.id);
}

TEST_P(IdempotencyContract, KeysAreKnownAfterARestart) {
  const auto first = append(keyed(1, "k"));
  restart();
  EXPECT_EQ(append(keyed(1, "k")).id, first.id);
  EXPECT_EQ(append(keyed(2, "k")).outcome, Outcome::idempotency_mismatch);
}

TEST_P(IdempotencyContract, ReplayIsKnownAfterTheEventWasAcknowledgedAndSwept) {
  options.event_ttl = 1h;
  const auto first = append(keyed(1, "k"));
  acknowledge(first.id);
  clock.advance(2h);
  engine().sweep(10);
  EXPECT_FALSE(get(first.id));
  const auto again = append(keyed(1, "k"));
  EXPECT_EQ(again.outcome, Outcome::duplicate);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(append(keyed(2, "k")).outcome, Outcome::idempotency_mismatch);
}

TEST_P(IdempotencyContract, KeysAreComparedWhole) {
  const std::string longest(255, '\xff');
  const std::vector<std::string> names = {"k", "K", "kk", std::string("k\0", 2), longest, longest.substr(1)};
  std::set<EventId> ids;
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(append(keyed(i, names[i])).outcome, Outcome::accepted);
  }
  for (std::size_t i = 0; i < names.size(); ++i) ids.insert(append(keyed(i, names[i])).id);
  EXPECT_EQ(ids.size(), names.size());
}

TEST_P(IdempotencyContract, EqualKeysInOneBatchAreReplaysOrMismatches) {
  const auto answers = append_batch({keyed(1, "k"), keyed(1, "k"), keyed(2, "k"), numbered(1), keyed(1, "l")});
  EXPECT_EQ(answers[0].outcome, Outcome::accepted);
  EXPECT_EQ(answers[1].outcome, Outcome::duplicate);
  EXPECT_EQ(answers[2].outcome, Outcome::idempotency_mismatch);
  EXPECT_EQ(answers[3].outcome, Outcome::duplicate);
  EXPECT_EQ(answers[4].outcome, Outcome::accepted);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(answers[i].id, answers[0].id);
  // The first of equal events is the one to be told, also when later ones are in the same commit.
  EXPECT_EQ(append(numbered(1)).id, answers[0].id);
}

TEST_P(IdempotencyContract, OfSixtyFourRacingAppendsWithOneKeyOneIsAccepted) {
  engine();
  std::atomic<int> accepted{0};
  std::atomic<int> mismatches{0};
  race(8, [&](std::size_t thread) {
    for (int i = 0; i < 8; ++i) {
      const auto answer = append(keyed(thread % 2, "k"));
      accepted += answer.outcome == Outcome::accepted ? 1 : 0;
      mismatches += answer.outcome == Outcome::idempotency_mismatch ? 1 : 0;
    }
  });
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(mismatches, 32);
  EXPECT_EQ(unacknowledged(), 1U);
}

}  // namespace
}  // namespace triggers::store::contract
