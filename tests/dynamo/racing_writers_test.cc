// Nodes that write or acknowledge the same event at once. Pages meanwhile are in fleet_pages_test.cc.

#include <set>
#include <thread>

#include "base/mutex.h"
#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;
using dynamo::CallError;
using dynamo::CallResult;
using dynamo::Repeat;
using Outcome = Appended::Outcome;

class WritersTest : public FleetTest {
 protected:
  /// A writer of `draft` that ends after its claim: its event is never written.
  void dead_writer(const Draft& draft) {
    Node dead = node();
    dead.caller->lose_request = [](ApiCall, const auto& body) { return writes(body, "q#"); };
    dead.caller->before = [this](ApiCall api_call, const boost::json::object& body) {
      if (!puts_event(api_call, body)) return;
      clock.advance(500ms);  // Or it would ask for ever.
    };
    EXPECT_FALSE(try_append(dead, draft));
  }

  Node one_ = node(), two_ = node(), three_ = node();
};

TEST_F(WritersTest, OfEventsThatRaceOnTwoNodesOneIsAccepted) {
  std::atomic<int> accepted{0};
  Mutex mutex;
  std::set<EventId> ids;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 8; ++i) {
          const auto answer = append(thread % 2 == 0 ? one_ : two_, numbered(1));
          accepted += answer.outcome == Outcome::accepted ? 1 : 0;
          const MutexLock lock(mutex);
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
  EXPECT_EQ(acknowledge(one_, id), AckStatus::acknowledged);
  EXPECT_EQ(acknowledge(two_, id), AckStatus::already_acknowledged);
  EXPECT_TRUE(page(two_).events.empty());
  EXPECT_TRUE(get(two_, id)->acknowledged_at);
}

TEST_F(WritersTest, OfAcknowledgementsThatRaceOnTwoNodesOneIsTheFirst) {
  const auto id = append(one_, numbered(1)).id;
  std::atomic<int> firsts{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 6; ++thread) {
      threads.emplace_back(
          [&, thread] { firsts += acknowledge(thread % 2 == 0 ? one_ : two_, id) == AckStatus::acknowledged ? 1 : 0; });
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
  one_.caller->before = [&](ApiCall api_call, const boost::json::object& body) {
    if (slept || !puts_event(api_call, body)) return;
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
  one_.caller->before = [&](ApiCall api_call, const boost::json::object& body) {
    if (overtaken || !puts_event(api_call, body)) return;
    overtaken = true;
    std::jthread([&] { other = append(two_, numbered(1)); }).join();
  };
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(other->outcome, Outcome::accepted);
  EXPECT_EQ(answer.outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_EQ(page(one_).events.size(), 1U);
}

TEST_F(WritersTest, EventThatAnotherNodeFinishedAndThatWasAcknowledgedDoesNotComeBackWithItsFirstWriter) {
  bool overtaken = false;
  std::optional<Appended> other;
  one_.caller->before = [&](ApiCall api_call, const boost::json::object& body) {
    if (overtaken || !puts_event(api_call, body)) return;
    overtaken = true;
    std::jthread([&] {
      other = append(two_, numbered(1));
      EXPECT_EQ(acknowledge(two_, other->id), AckStatus::acknowledged);
    }).join();
  };
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(other->outcome, Outcome::accepted);
  EXPECT_EQ(answer.outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_TRUE(page(two_).events.empty());
  EXPECT_TRUE(get(two_, answer.id)->acknowledged_at);
  EXPECT_EQ(acknowledge(one_, answer.id), AckStatus::already_acknowledged);
}

TEST_F(WritersTest, EventThatWasAcknowledgedDoesNotComeBackWithWhoWantedToFinishIt) {
  // While the first is between claim and event, the second meets the claim; before it writes the event, the first one's
  // write is carried out, and a consumer acknowledges it.
  std::optional<Appended> other;
  bool arrived = false;
  one_.caller->answer_instead = [&](ApiCall api_call, const boost::json::object& body) -> std::optional<CallResult> {
    if (other || !puts_event(api_call, body)) return {};
    std::optional<CallResult> answer;
    two_.caller->before = [&](ApiCall now, const boost::json::object& write) {
      if (arrived || !puts_event(now, write)) return;
      arrived = true;
      std::jthread([&] {
        answer = sync_wait(real->call(api_call, body, Repeat::once, 5s));
        EXPECT_EQ(acknowledge(three_, page(three_).events.at(0).id), AckStatus::acknowledged);
      }).join();
    };
    std::jthread([&] { other = append(two_, numbered(1)); }).join();
    return answer;
  };
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->outcome, Outcome::duplicate);
  EXPECT_EQ(answer.id, other->id);
  EXPECT_TRUE(page(three_).events.empty());
  EXPECT_TRUE(get(three_, answer.id)->acknowledged_at);
}

TEST_F(WritersTest, KeyedEventThatTakesOverADeadClaimIsKnownByItsContent) {
  Draft keyed = numbered(1);
  keyed.idempotency_key = "k";
  dead_writer(keyed);
  const auto answer = append(two_, keyed);
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  const auto equal = append(one_, numbered(1));
  EXPECT_EQ(equal.outcome, Outcome::duplicate);
  EXPECT_EQ(equal.id, answer.id);
}

TEST_F(WritersTest, KeyedEventTakesTheContentOverFromAWriterWithoutAKeyThatDied) {
  dead_writer(numbered(1));
  Draft keyed = numbered(1);
  keyed.idempotency_key = "k";
  const auto answer = append(two_, keyed);
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(append(one_, numbered(1)).id, answer.id);
  EXPECT_EQ(page(one_).events.size(), 1U);
}

TEST_F(WritersTest, KeyedEventThatWaitedForTheContentOfADeadWriterWhoseClockWasAheadIsAccepted) {
  ManualClock ahead{clock.now() + 3s};
  DynamoStoreConfig with = config;
  with.clock = &ahead;
  Node dead = node(with);
  dead.caller->lose_request = [&](ApiCall api_call, const auto& body) {
    if (puts_event(api_call, body)) ahead.advance(500ms);
    return writes(body, "q#");
  };
  EXPECT_FALSE(try_append(dead, numbered(1)));

  Draft keyed = numbered(1);
  keyed.idempotency_key = "k";
  int pauses = 0;
  two_.caller->after_pause = [&] {
    ++pauses;
    clock.advance(400ms);
  };
  const auto answer = append(two_, keyed);
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(pauses, 10);
  EXPECT_EQ(two_.caller->retries, 0) << "a look takes nothing from what failures may repeat";
  EXPECT_EQ(append(one_, keyed).id, answer.id);
  EXPECT_EQ(append(one_, numbered(1)).id, answer.id);
  EXPECT_EQ(page(one_).events.size(), 1U);
}

TEST_F(WritersTest, KeyedEventIsAcceptedWhenEachCallTakesLong) {
  Draft keyed = numbered(1);
  keyed.idempotency_key = "k";
  for (const bool known : {false, true}) {
    // Its claims take longer than another may finish it, and less than it may be written.
    one_.caller->before = [&](ApiCall, const boost::json::object&) { clock.advance(known ? 350ms : 700ms); };
    const auto answer = append(one_, keyed);
    EXPECT_EQ(answer.outcome, Outcome::accepted);
    EXPECT_EQ(append(two_, keyed).id, answer.id);
    keyed.idempotency_key = "another";  // Of equal content, whose claim is looked at.
  }
  EXPECT_EQ(page(two_).events.size(), 2U);
}

TEST_F(WritersTest, KeyOfAnEventThatDoesNotComeIsFreeForAnother) {
  Draft first = numbered(1);
  first.idempotency_key = "k";
  Draft second = numbered(2);
  second.idempotency_key = "k";
  // The first one's event is refused after so long that its claim is free.
  one_.caller->answer_instead = [&](ApiCall api_call, const boost::json::object& body) -> std::optional<CallResult> {
    if (!puts_event(api_call, body)) return {};
    clock.advance(1'500ms);
    return CallError{CallError::Kind::throttled, "refused by the test", {}};
  };
  EXPECT_FALSE(try_append(one_, first));
  EXPECT_EQ(append(two_, second).outcome, Outcome::accepted);
  EXPECT_EQ(append(two_, first).outcome, Outcome::idempotency_mismatch);
}

TEST_F(WritersTest, EventOfAKeyWhoseFirstEventIsOnItsWayIsToldToComeAgain) {
  Draft first = numbered(1);
  first.idempotency_key = "k";
  Draft second = numbered(2);
  second.idempotency_key = "k";
  std::optional<Result<Appended>> other;
  one_.caller->before = [&](ApiCall api_call, const boost::json::object& body) {
    if (other || !puts_event(api_call, body)) return;
    std::jthread([&] { other = try_append(two_, second); }).join();
  };
  EXPECT_EQ(append(one_, first).outcome, Outcome::accepted);
  ASSERT_TRUE(other);
  ASSERT_FALSE(other->ok());
  EXPECT_EQ(other->error().code, ErrorCode::overloaded);
  EXPECT_EQ(append(two_, second).outcome, Outcome::idempotency_mismatch);
}

TEST_F(WritersTest, LostAnswerOfAWriteIsAskedForAndTheEventIsAcceptedOnce) {
  int lost = 0;
  one_.caller->lose_answer = [&](ApiCall api_call, const auto& body) {
    return puts_event(api_call, body) && lost++ == 0;
  };
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(lost, 2);  // The second write met what the first one had written.
  EXPECT_EQ(page(two_).events.size(), 1U);
}

TEST_F(WritersTest, LostWriteIsWrittenAgain) {
  int lost = 0;
  one_.caller->lose_request = [&](ApiCall api_call, const auto& body) {
    return puts_event(api_call, body) && lost++ == 0;
  };
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(page(two_).events.size(), 1U);
  EXPECT_EQ(append(two_, numbered(1)).id, answer.id);
}

TEST_F(WritersTest, LostAnswerOfAnAcknowledgementIsItsOwn) {
  const auto id = append(one_, numbered(1)).id;
  int lost = 0;
  one_.caller->lose_answer = [&](ApiCall api_call, const auto&) {
    return api_call == ApiCall::delete_item && lost++ == 0;
  };
  EXPECT_EQ(acknowledge(one_, id), AckStatus::acknowledged);
  EXPECT_EQ(acknowledge(two_, id), AckStatus::already_acknowledged);
}

TEST_F(WritersTest, AcknowledgementIsOfTheWriterOfTheAcknowledgedItemWhoeverRemovesThePendingOne) {
  const auto id = append(one_, numbered(1)).id;
  std::optional<AckStatus> other;
  one_.caller->lose_request = [&](ApiCall api_call, const auto&) {
    if (api_call != ApiCall::delete_item || other) return false;
    std::jthread([&] { other = acknowledge(two_, id); }).join();
    return true;
  };
  EXPECT_EQ(acknowledge(one_, id), AckStatus::acknowledged);
  EXPECT_EQ(other, AckStatus::already_acknowledged);
  EXPECT_TRUE(page(two_).events.empty());
}

TEST_F(WritersTest, NodeThatDiesInAnAcknowledgementLeavesTheEventUnacknowledged) {
  const auto id = append(one_, numbered(1)).id;
  Node dead = node();
  dead.caller->lose_request = [](ApiCall api_call, const auto&) { return api_call == ApiCall::delete_item; };
  EXPECT_FALSE(sync_wait(dead.store->acknowledge(tenant, {id})).ok());
  EXPECT_EQ(page(one_).events.size(), 1U);
  EXPECT_FALSE(get(one_, id)->acknowledged_at);
  clock.advance(1h);
  EXPECT_EQ(acknowledge(one_, id), AckStatus::acknowledged);
  EXPECT_EQ(get(one_, id)->acknowledged_at, clock.now());
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
