// Batches without faults: the order of their events, equal events in them, and how many calls those cost. Batches whose
// calls fail are in retries_test.cc; the contract's own tests of batches are in tests/contract/duplicates_test.cc.

#include <vector>

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using dynamo::ApiCall;
using Outcome = Appended::Outcome;

class BatchesTest : public FleetTest {
 protected:
  Node one_ = node(), two_ = node();
};

TEST_F(BatchesTest, BatchIsInTheInboxInItsOrderWithEqualEventsInIt) {
  std::vector<Draft> drafts;
  for (const std::size_t number : {1, 2, 3, 2, 4, 4, 1, 5}) drafts.push_back(numbered(number));
  drafts.at(3).idempotency_key = "k";
  drafts.at(7).idempotency_key = "k";
  const auto answers = append_batch(one_, drafts);
  std::vector<EventId> accepted;
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer.ok());
    if (answer->outcome == Outcome::accepted) accepted.push_back(answer->id);
  }
  EXPECT_EQ(accepted.size(), 5U);
  EXPECT_EQ(answers[5]->id, answers[4]->id);
  EXPECT_EQ(answers[6]->id, answers[0]->id);
  EXPECT_EQ(answers[7]->outcome, Outcome::idempotency_mismatch);
  EXPECT_EQ(answers[7]->id, answers[3]->id);
  std::vector<EventId> shown;
  for (const auto& event : page(two_).events) shown.push_back(event.id);
  EXPECT_EQ(shown, accepted);
}

TEST_F(BatchesTest, EqualEventsOfABatchAreNotAskedForOneByOne) {
  append(one_, numbered(1));
  int calls = 0;
  one_.caller->before = [&](ApiCall, const auto&) { ++calls; };
  const std::vector<Draft> drafts(500, numbered(2));
  const auto answers = append_batch(one_, drafts);
  EXPECT_EQ(answers.front()->outcome, Outcome::accepted);
  for (std::size_t i = 1; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i]->outcome, Outcome::duplicate) << i;
    EXPECT_EQ(answers[i]->id, answers.front()->id) << i;
  }
  EXPECT_LE(calls, 4);  // A claim, an event, and the count.
}

}  // namespace
}  // namespace triggers::store
