#include <set>
#include <thread>

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::Operation;
using Outcome = Appended::Outcome;

class WritersTest : public FleetTest {
 protected:
  /// A writer of `draft` that ends after its claim: its event is never written.
  void dead_writer(const Draft& draft) {
    Node dead = node();
    dead.caller->lose_request = [](Operation, const auto& body) { return writes(body, "q#"); };
    dead.caller->before = [this](Operation operation, const boost::json::object& body) {
      if (operation != Operation::put_item || !writes(body, "q#")) return;
      clock.advance(500ms);  // Or it would ask for ever.
    };
    EXPECT_FALSE(try_append(dead, draft));
  }

  Node one_ = node(), two_ = node();
};

TEST_F(WritersTest, OfEventsThatRaceOnTwoNodesOneIsAccepted) {
  std::atomic<int> accepted{0};
  std::mutex mutex;
  std::set<EventId> ids;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 8; ++i) {
          const auto answer = append(thread % 2 == 0 ? one_ : two_, numbered(1));
          accepted += answer.outcome == Outcome::accepted ? 1 : 0;
          const std::lock_guard lock(mutex);
          ids.insert(answer.id);
        }
      });
    }
  }
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(ids.size(), 1U);
  EXPECT_EQ(page(one_).events.size(), 1U);
}

TEST_F(WritersTest, AcknowledgementOnOneNodeIsSeenOnTheOther) {
  const auto id = append(one_, numbered(1)).id;
  EXPECT_EQ(page(two_).events.size(), 1U);
  EXPECT_EQ(acknowledge(one_, id), AckOutcome::acknowledged);
  EXPECT_EQ(acknowledge(two_, id), AckOutcome::already_acknowledged);
  EXPECT_TRUE(page(two_).events.empty());
  EXPECT_TRUE(get(two_, id)->delivered_at);
}

TEST_F(WritersTest, OfAcknowledgementsThatRaceOnTwoNodesOneIsTheFirst) {
  const auto id = append(one_, numbered(1)).id;
  std::atomic<int> firsts{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread) {
      threads.emplace_back([&, thread] {
        firsts += acknowledge(thread % 2 == 0 ? one_ : two_, id) == AckOutcome::acknowledged ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(firsts, 1);
}

TEST_F(WritersTest, EventWhoseFirstWriterDiedIsStoredByTheNextOne) {
  dead_writer(numbered(1));
  const auto answer = append(two_, numbered(1));
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(append(one_, numbered(1)).id, answer.id);
  EXPECT_EQ(page(one_).events.size(), 1U);
}

TEST_F(WritersTest, IdempotencyKeyOfAWriterThatDiedIsFree) {
  Draft draft = numbered(1);
  draft.idempotency_key = "k";
  dead_writer(draft);
  const auto answer = append(two_, draft);
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(append(one_, draft).outcome, Outcome::duplicate);
  EXPECT_EQ(page(one_).events.size(), 1U);
}

TEST_F(WritersTest, WriterThatIsSlowIsFencedOffAndItsEventIsStoredOnce) {
  // Its claim is written; before its event is, time passes and another node takes the claim over.
  bool slept = false;
  std::optional<Appended> other;
  one_.caller->before = [&](Operation operation, const boost::json::object& body) {
    if (slept || operation != Operation::put_item || !writes(body, "q#")) return;
    slept = true;
    clock.advance(1'500ms);
    std::jthread([&] { other = append(two_, numbered(1)); }).join();
  };
  const auto answer = append(one_, numbered(1));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->outcome, Outcome::accepted);
  EXPECT_EQ(answer.outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_EQ(page(one_).events.size(), 1U);
}

TEST_F(WritersTest, WriterThatIsQuicklyOvertakenFindsItsEventThere) {
  bool overtaken = false;
  std::optional<Appended> other;
  one_.caller->before = [&](Operation operation, const boost::json::object& body) {
    if (overtaken || operation != Operation::put_item || !writes(body, "q#")) return;
    overtaken = true;
    std::jthread([&] { other = append(two_, numbered(1)); }).join();
  };
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(other->outcome, Outcome::accepted);
  EXPECT_EQ(answer.outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_EQ(page(one_).events.size(), 1U);
}

TEST_F(WritersTest, LostAnswerOfAWriteIsAskedForAndTheEventIsAcceptedOnce) {
  int lost = 0;
  one_.caller->lose_answer = [&](Operation operation, const auto& body) {
    return operation == Operation::put_item && writes(body, "q#") && lost++ == 0;
  };
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(lost, 1);  // It was found, and not written again.
  EXPECT_EQ(page(two_).events.size(), 1U);
}

TEST_F(WritersTest, LostWriteIsWrittenAgain) {
  int lost = 0;
  one_.caller->lose_request = [&](Operation operation, const auto& body) {
    return operation == Operation::put_item && writes(body, "q#") && lost++ == 0;
  };
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(page(two_).events.size(), 1U);
  EXPECT_EQ(append(two_, numbered(1)).id, answer.id);
}

TEST_F(WritersTest, LostAnswerOfAnAcknowledgementIsItsOwn) {
  const auto id = append(one_, numbered(1)).id;
  int lost = 0;
  one_.caller->lose_answer = [&](Operation operation, const auto&) {
    return operation == Operation::delete_item && lost++ == 0;
  };
  EXPECT_EQ(acknowledge(one_, id), AckOutcome::acknowledged);
  EXPECT_EQ(acknowledge(two_, id), AckOutcome::already_acknowledged);
}

TEST_F(WritersTest, NodeThatDiesInAnAcknowledgementLeavesTheEventUndelivered) {
  const auto id = append(one_, numbered(1)).id;
  Node dead = node();
  dead.caller->lose_request = [](Operation operation, const auto&) { return operation == Operation::delete_item; };
  EXPECT_FALSE(sync_wait(dead.store->acknowledge(tenant, {id})).ok());
  EXPECT_EQ(page(one_).events.size(), 1U);
  EXPECT_FALSE(get(one_, id)->delivered_at);
  clock.advance(1h);
  EXPECT_EQ(acknowledge(one_, id), AckOutcome::acknowledged);
  EXPECT_EQ(get(one_, id)->delivered_at, clock.now());
}

TEST_F(WritersTest, EventOverFourHundredKilobytesIsTooLargeAndStoresNothing) {
  Draft draft = numbered(1);
  draft.metadata = R"({"text":")" + std::string(420'000, 'x') + R"("})";
  const auto answer = try_append(one_, draft);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::too_large);
  EXPECT_TRUE(page(one_).events.empty());
}

}  // namespace
}  // namespace triggers::store
