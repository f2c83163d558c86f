// Items whose time is over but which DynamoDB has not removed yet. The contract's own tests of expiry are in
// tests/contract/retention_test.cc.

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using Outcome = Appended::Outcome;

/// What has expired counts as gone. The tests' clock is far ahead of DynamoDB's own, which therefore removes nothing.
class ExpiredTest : public FleetTest {};

TEST_F(ExpiredTest, AcknowledgedEventIsUnknownOnceItsTimeIsOver) {
  config.event_ttl = 1h;
  Node node = this->node();
  const auto id = append(node, numbered(1)).id;
  EXPECT_EQ(acknowledge(node, id), AckStatus::acknowledged);
  clock.advance(59min);
  EXPECT_TRUE(get(node, id));
  EXPECT_EQ(acknowledge(node, id), AckStatus::already_acknowledged);
  clock.advance(1min);
  EXPECT_FALSE(get(node, id));
  EXPECT_EQ(acknowledge(node, id), AckStatus::not_found);
}

TEST_F(ExpiredTest, ContentIsADuplicateWithinItsWindowAndNewAfterIt) {
  Node node = this->node();
  const auto first = append(node, numbered(1));
  clock.advance(299s);
  EXPECT_EQ(append(node, numbered(1)).id, first.id);
  clock.advance(1s);
  const auto second = append(node, numbered(1));
  EXPECT_EQ(second.outcome, Outcome::accepted);
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(append(node, numbered(1)).id, second.id);
}

TEST_F(ExpiredTest, IdempotencyKeyIsFreeAfterItsWindowAlsoForAnotherEvent) {
  Node node = this->node();
  Draft draft = numbered(1);
  draft.idempotency_key = "k";
  const auto first = append(node, draft);
  Draft other = numbered(2);
  other.idempotency_key = "k";
  clock.advance(24h - 1s);
  EXPECT_EQ(append(node, other).outcome, Outcome::idempotency_mismatch);
  EXPECT_EQ(append(node, draft).id, first.id);
  clock.advance(1s);
  EXPECT_EQ(append(node, other).outcome, Outcome::accepted);
}

TEST_F(ExpiredTest, EventThatExpiredWithinTheWindowIsADuplicateAllTheSame) {
  config.event_ttl = 1h;
  Node node = this->node();
  Draft draft = numbered(1);
  draft.idempotency_key = "k";
  const auto first = append(node, draft);
  acknowledge(node, first.id);
  clock.advance(2h);
  const auto again = append(node, draft);
  EXPECT_EQ(again.outcome, Outcome::duplicate);
  EXPECT_EQ(again.id, first.id);
  EXPECT_TRUE(page(node).events.empty());
}

}  // namespace
}  // namespace triggers::store
