// When acknowledged events expire, on every engine. Jumps of the clock on the embedded engine:
// tests/rocks/clock_jumps_test.cc.

#include "contract/store_contract.h"

namespace triggers::store::contract {
namespace {

using namespace std::chrono_literals;
TRIGGERS_CONTRACT(RetentionContract);

TEST_P(RetentionContract, UnacknowledgedEventsNeverExpire) {
  const auto ids = fill(5);
  clock.advance(24h * 365);
  EXPECT_EQ(engine().sweep(100), 0U);
  EXPECT_EQ(ids_of(drain()), ids);
  EXPECT_TRUE(get(ids[0]));
}

TEST_P(RetentionContract, TimeToLiveCountsFromTheAcknowledgement) {
  const auto ids = fill(2);
  clock.advance(24h * 29);
  acknowledge(ids[0]);
  clock.advance(24h * 30 - 1ms);
  EXPECT_TRUE(get(ids[0]));
  EXPECT_EQ(engine().sweep(100), 0U);
  clock.advance(1ms);
  EXPECT_FALSE(get(ids[0]));
  EXPECT_EQ(engine().sweep(100), 1U);
  EXPECT_FALSE(get(ids[0]));
  EXPECT_TRUE(get(ids[1]));
  EXPECT_EQ(unacknowledged(), 1U);
}

TEST_P(RetentionContract, ExpiredEventIsGoneThoughNoSweepHasCome) {
  const auto id = fill(1)[0];
  acknowledge(id);
  clock.advance(24h * 30);
  EXPECT_FALSE(get(id));
  // Whoever says so again has made no mistake; an engine may still know that, or not.
  EXPECT_NE(acknowledge(id), AckStatus::acknowledged);
  engine().sweep(10);
  EXPECT_EQ(acknowledge(id), AckStatus::not_found);
}

TEST_P(RetentionContract, SweepRemovesALittleAtATime) {
  const auto ids = fill(25);
  acknowledge(ids);
  clock.advance(24h * 31);
  EXPECT_EQ(engine().sweep(10), 10U);
  fill(1, 100);  // An engine may ask more of a clock that is far ahead of all that it has stored.
  restart();
  EXPECT_EQ(engine().sweep(10), 10U);
  EXPECT_EQ(engine().sweep(10), 5U);
  EXPECT_EQ(engine().sweep(10), 0U);
  EXPECT_EQ(acknowledge(ids), std::vector(25, AckStatus::not_found));
}

TEST_P(RetentionContract, SweepFindsAcknowledgedEventsOfEveryTenantAndOfAClockThatStepsBack) {
  const Tenant other{"globex"};
  const auto first = fill(1)[0];
  const auto theirs = append(other, numbered(1)).id;
  acknowledge(first);
  clock.advance(24h * 31);
  EXPECT_EQ(engine().sweep(10), 1U);
  clock.jump(-24h * 40);
  acknowledge(other, {theirs});
  EXPECT_EQ(engine().sweep(10), 0U);
  clock.advance(24h * 30);
  EXPECT_EQ(engine().sweep(10), 1U);
  EXPECT_FALSE(get(other, theirs));
}

TEST_P(RetentionContract, SweptContentMayBeSentAgain) {
  const auto first = append(numbered(1));
  acknowledge(first.id);
  clock.advance(24h * 31);
  engine().sweep(10);
  EXPECT_EQ(append(numbered(1)).outcome, Appended::Outcome::accepted);
  EXPECT_EQ(drain().size(), 1U);
}

}  // namespace
}  // namespace triggers::store::contract
