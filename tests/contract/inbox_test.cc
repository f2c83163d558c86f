// Accepting, reading and acknowledging single events on every engine. Pages are in pages_test.cc.

#include <algorithm>
#include <atomic>
#include <functional>

#include "contract/store_contract.h"

namespace triggers::store::contract {
namespace {

using Outcome = Appended::Outcome;
TRIGGERS_CONTRACT(InboxContract);

bool strictly_increasing(const std::vector<EventId>& ids) {
  return std::ranges::adjacent_find(ids, std::greater_equal<>()) == ids.end();
}

TEST_P(InboxContract, AcceptedEventIsInTheInboxAsItWasSent) {
  const Draft draft{.event_type = "user.created",
                    .payload = R"({"a": 1.0, "big":9223372036854775808, "text":"\u00e9 é 😀"})",
                    .source = "crm",
                    .metadata = R"({ "trace" : "x" })"};
  const Appended answer = append(draft);
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(answer.id.time(), clock.now());

  const Page inbox = page();
  ASSERT_EQ(inbox.events.size(), 1U);
  const StoredEvent& event = inbox.events[0];
  EXPECT_EQ(event.id, answer.id);
  EXPECT_EQ(event.event_type, draft.event_type);
  EXPECT_EQ(event.payload, draft.payload);
  EXPECT_EQ(event.source, draft.source);
  EXPECT_EQ(event.metadata, draft.metadata);
  EXPECT_FALSE(event.acknowledged_at);
  EXPECT_EQ(inbox.total_unacknowledged, 1U);
  EXPECT_FALSE(inbox.has_more);
}

TEST_P(InboxContract, AbsentSourceIsNotAnEmptySource) {
  const auto without = append({.payload = "{}"});
  const auto with = append({.payload = R"({"x":1})", .source = ""});
  EXPECT_FALSE(get(without.id)->source);
  EXPECT_EQ(get(with.id)->source, "");
  EXPECT_EQ(get(without.id)->metadata, "");
}

TEST_P(InboxContract, InboxIsInOrderOfAcceptanceAlsoAfterARestart) {
  const auto ids = fill(1'203);
  EXPECT_TRUE(strictly_increasing(ids));
  EXPECT_EQ(ids_of(drain()), ids);
  restart();
  EXPECT_EQ(ids_of(drain()), ids);
  // Two nodes of a fleet, or a node before and after its restart, are in order by their clocks, to the millisecond.
  if (!engine().orders_by_commit()) clock.advance(std::chrono::milliseconds{1});
  const auto later = fill(3, 5'000);
  EXPECT_LT(ids.back(), later.front());
  EXPECT_EQ(unacknowledged(), 1'206U);
}

TEST_P(InboxContract, EmptyInboxIsAnEmptyPage) {
  const Page inbox = page();
  EXPECT_TRUE(inbox.events.empty());
  EXPECT_FALSE(inbox.has_more);
  EXPECT_FALSE(inbox.next_after);
  EXPECT_EQ(inbox.total_unacknowledged, 0U);
}

TEST_P(InboxContract, EmptyBatchIsNothing) {
  EXPECT_TRUE(append_batch({}).empty());
  EXPECT_TRUE(acknowledge(std::vector<EventId>{}).empty());
}

TEST_P(InboxContract, LargestPayloadComesBackWhole) {
  Draft draft;
  draft.payload = R"({"text":")" + std::string(256 * 1024 - 11, 'x') + R"("})";
  draft.metadata = R"({"more":")" + std::string(100'000, 'y') + R"("})";
  ASSERT_EQ(draft.payload.size(), 256U * 1024);
  const auto answer = append(draft);
  restart();
  EXPECT_EQ(get(answer.id)->payload, draft.payload);
  EXPECT_EQ(drain().at(0).metadata, draft.metadata);
}

TEST_P(InboxContract, AcknowledgedEventIsGoneFromTheInboxAndStillReadable) {
  const auto ids = fill(3);
  clock.advance(std::chrono::milliseconds(1'234));
  EXPECT_EQ(acknowledge(ids[1]), AckStatus::acknowledged);
  EXPECT_EQ(ids_of(drain()), (std::vector{ids[0], ids[2]}));
  EXPECT_EQ(unacknowledged(), 2U);
  EXPECT_EQ(get(ids[1])->acknowledged_at, clock.now());
  EXPECT_FALSE(get(ids[0])->acknowledged_at);
}

TEST_P(InboxContract, SecondAcknowledgementChangesNothing) {
  const auto id = fill(1)[0];
  const auto first_time = clock.now();
  acknowledge(id);
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(acknowledge(id), AckStatus::already_acknowledged);
  restart();
  EXPECT_EQ(acknowledge(id), AckStatus::already_acknowledged);
  EXPECT_EQ(get(id)->acknowledged_at, first_time);
  EXPECT_EQ(unacknowledged(), 0U);
}

TEST_P(InboxContract, AcknowledgingManyAnswersForEachInOrder) {
  const auto ids = fill(2);
  acknowledge(ids[0]);
  EventId unknown = ids[0];
  unknown.bytes[15] ^= 1;
  EXPECT_EQ(acknowledge({ids[1], unknown, ids[0], ids[1], EventId{}}),
            (std::vector{AckStatus::acknowledged, AckStatus::not_found, AckStatus::already_acknowledged,
                         AckStatus::already_acknowledged, AckStatus::not_found}));
  EXPECT_EQ(unacknowledged(), 0U);
}

TEST_P(InboxContract, UnknownEventIsNotFound) {
  EXPECT_FALSE(get(EventId{}));
  EXPECT_EQ(acknowledge(EventId{}), AckStatus::not_found);
  EXPECT_EQ(unacknowledged(), 0U);
}

TEST_P(InboxContract, FiveHundredAreAppendedAndAcknowledgedAtOnce) {
  const auto ids = fill(500);
  EXPECT_EQ(acknowledge(ids), std::vector(500, AckStatus::acknowledged));
  EXPECT_TRUE(drain().empty());
  EXPECT_EQ(unacknowledged(), 0U);
}

TEST_P(InboxContract, CountIsExactWhileEightThreadsAppendAndAcknowledge) {
  std::atomic<std::uint64_t> left{0};
  engine();
  race(8, [&](std::size_t thread) {
    for (std::size_t i = 0; i < 60; ++i) {
      const auto answer = append(numbered(thread * 1'000 + i));
      const bool keep = i % 3 == 0;
      if (!keep) acknowledge(answer.id);
      left += keep ? 1U : 0U;
      EXPECT_LE(unacknowledged(), 480U);
    }
  });
  EXPECT_EQ(unacknowledged(), left);
  EXPECT_EQ(status().metrics().unacknowledged, left);
  EXPECT_EQ(drain().size(), left);
  restart();
  EXPECT_EQ(unacknowledged(), left);
  EXPECT_EQ(drain().size(), left);
}

TEST_P(InboxContract, OfManyRacingAcknowledgementsOneIsTheFirst) {
  const auto id = fill(1)[0];
  std::atomic<int> firsts{0};
  race(8, [&](std::size_t) {
    for (int i = 0; i < 8; ++i) firsts += acknowledge(id) == AckStatus::acknowledged ? 1 : 0;
  });
  EXPECT_EQ(firsts, 1);
  EXPECT_EQ(unacknowledged(), 0U);
}

TEST_P(InboxContract, IdsIncreaseWhenTheClockStepsBack) {
  auto ids = fill(5);
  clock.jump(-std::chrono::hours(2));
  for (const auto& id : fill(5, 100)) ids.push_back(id);
  EXPECT_TRUE(strictly_increasing(ids));
  if (!engine().orders_by_commit()) return;  // A fleet has as many clocks as nodes, and they must be right.
  restart();
  clock.jump(-std::chrono::hours(2));
  for (const auto& id : fill(5, 200)) ids.push_back(id);
  EXPECT_TRUE(strictly_increasing(ids));
  EXPECT_EQ(ids_of(drain(tenant, {.limit = 4})), ids);
}

TEST_P(InboxContract, HealthyStoreIsWritable) {
  EXPECT_TRUE(status().health().writable);
  EXPECT_TRUE(status().health().problem.empty());
}

}  // namespace
}  // namespace triggers::store::contract
