// Operations whose calls have lost responses, are refused or take too long: each happens once, ends in time, and may be
// sent again. The client's own retries are in client_faults_test.cc.

#include <thread>

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using namespace std::chrono_literals;
using dynamo::ApiCall;
using dynamo::CallError;
using dynamo::CallResult;
using dynamo::Repeat;
using Outcome = Appended::Outcome;

/// Attempts of unknown outcome, and calls that DynamoDB refuses.
class RetriesTest : public FleetTest {
 protected:
  static std::function<std::optional<CallResult>(ApiCall, const boost::json::object&)> refuse(CallError::Kind kind,
                                                                                              const std::string& text) {
    return [kind, text](ApiCall api_call, const boost::json::object& body) -> std::optional<CallResult> {
      if (!puts_event(api_call, body) || boost::json::serialize(body).find(text) == std::string::npos) return {};
      return CallError{kind, "refused by the test", {}};
    };
  }

  /// The first write of an event by one_ is not made, and its outcome is unknown. first_try_ keeps it.
  void lose_first_try() {
    one_.caller->lose_request = [this](ApiCall api_call, const boost::json::object& body) {
      if (first_try_ || !puts_event(api_call, body)) return false;
      first_try_ = body;
      return true;
    };
  }

  Node one_ = node(), two_ = node();
  std::optional<boost::json::object> first_try_;
};

TEST_F(RetriesTest, WriteThatIsRepeatedThoughItWasDoneGivesTheSameAnswer) {
  one_.caller->twice = true;
  const auto first = append(one_, numbered(1));
  EXPECT_EQ(first.outcome, Outcome::accepted);
  EXPECT_EQ(append(one_, numbered(1)).id, first.id);
  Draft draft = numbered(2);
  draft.idempotency_key = "k";
  EXPECT_EQ(append(one_, draft).outcome, Outcome::accepted);
  EXPECT_EQ(append(one_, draft).outcome, Outcome::duplicate);
  EXPECT_EQ(acknowledge(one_, first.id), AckStatus::acknowledged);
  EXPECT_EQ(acknowledge(one_, first.id), AckStatus::already_acknowledged);
  EXPECT_EQ(page(two_).events.size(), 1U);
}

TEST_F(RetriesTest, ChangeOfAKeyThatIsRepeatedThoughItWasDoneIsMadeOnce) {
  one_.caller->twice = true;
  auth::KeyRecord record;
  record.key_id = "key_1";
  record.user_id = "acme";
  record.secrets.resize(1);
  ASSERT_TRUE(sync_wait(one_.store->create_key(record)).ok());
  int changes = 0;
  const auto changed = sync_wait(one_.store->update_key("key_1", [&](auth::KeyRecord& key) -> Status {
    ++changes;
    key.description = "new";
    return Done{};
  }));
  ASSERT_TRUE(changed.ok()) << changed.error().message;
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(sync_wait(two_.store->key_by_id("key_1")).value()->description, "new");
}

TEST_F(RetriesTest, ListOfKeysEndsWithTheFirstThatCannotBeRead) {
  for (std::uint8_t i = 0; i < 40; ++i) {
    auth::KeyRecord record;
    record.key_id = "key_" + std::to_string(i);
    record.user_id = "acme";
    record.secrets.resize(1);
    record.secrets[0].hash.bytes.fill(i);
    ASSERT_TRUE(sync_wait(one_.store->create_key(record)).ok());
  }
  int reads = 0;
  one_.caller->answer_instead = [&](ApiCall api_call, const auto&) -> std::optional<CallResult> {
    if (api_call != ApiCall::get_item) return {};
    ++reads;
    return CallError{CallError::Kind::unavailable, "silent", {}};
  };
  EXPECT_EQ(sync_wait(one_.store->list_keys("acme", "", 100)).error().code, ErrorCode::unavailable);
  // What had begun beside the first that failed.
  EXPECT_LE(reads, 16);
}

TEST_F(RetriesTest, SliceThatIsTakenTwiceByOneCallIsTakenOnce) {
  one_.caller->twice = true;
  EXPECT_EQ(sync_wait(one_.store->take_slice("key_1", 60, [] { return 20U; })).value().tokens, 20U);
  EXPECT_EQ(sync_wait(one_.store->take_slice("key_1", 60, [] { return 20U; })).value().tokens, 20U);
  EXPECT_EQ(sync_wait(two_.store->take_slice("key_1", 60, [] { return 60U; })).value().tokens, 20U);
}

TEST_F(RetriesTest, EventWhoseFirstTryIsCarriedOutLateIsThereOnce) {
  lose_first_try();
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  const auto arrived = sync_wait(real->call(ApiCall::put_item, *first_try_, Repeat::once, 5s));
  ASSERT_FALSE(arrived.ok());
  EXPECT_EQ(arrived.error().kind, CallError::Kind::condition_failed);
  EXPECT_EQ(page(two_).events.size(), 1U);
}

TEST_F(RetriesTest, EventThatWasAcknowledgedWhileItsWriterWasInDoubtDoesNotComeBack) {
  std::optional<boost::json::object> first_try;
  int tries = 0;
  one_.caller->lose_request = [&](ApiCall api_call, const boost::json::object& body) {
    if (!puts_event(api_call, body) || ++tries > 1) return false;
    first_try = body;
    return true;
  };
  one_.caller->before = [&](ApiCall api_call, const boost::json::object& body) {
    if (tries != 1 || !puts_event(api_call, body)) return;
    // The first try arrives after all, and its event is read and acknowledged; only then the second is sent.
    std::jthread([&] {
      ASSERT_TRUE(sync_wait(real->call(ApiCall::put_item, *first_try, Repeat::once, 5s)).ok());
      EXPECT_EQ(acknowledge(two_, page(two_).events.at(0).id), AckStatus::acknowledged);
    }).join();
  };
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(answer.outcome, Outcome::accepted);
  EXPECT_EQ(tries, 2);
  EXPECT_TRUE(page(two_).events.empty());
  EXPECT_TRUE(get(two_, answer.id)->acknowledged_at);
}

TEST_F(RetriesTest, FirstTryThatArrivesAfterTheSecondWasAcknowledgedDoesNotComeBack) {
  lose_first_try();
  const auto answer = append(one_, numbered(1));
  EXPECT_EQ(acknowledge(two_, answer.id), AckStatus::acknowledged);
  EXPECT_FALSE(sync_wait(real->call(ApiCall::put_item, *first_try_, Repeat::once, 5s)).ok());
  EXPECT_TRUE(page(two_).events.empty());
  EXPECT_TRUE(get(two_, answer.id)->acknowledged_at);
}

TEST_F(RetriesTest, WritesThatFailWhileReadsWorkAreRepeatedWithPausesAndOutOfTheBudget) {
  int writes = 0;
  one_.caller->lose_request = [&](ApiCall api_call, const boost::json::object& body) {
    const bool event = puts_event(api_call, body);
    writes += event ? 1 : 0;
    if (event) clock.advance(100ms);
    return event;
  };
  const auto answer = try_append(one_, numbered(1));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_GE(writes, 2);
  EXPECT_EQ(one_.caller->retries, writes);  // The last one was not granted.
}

TEST_F(RetriesTest, OperationBeginsNothingAfterItsDeadline) {
  auto hurried = config;
  hurried.timing.request_for = 0ms;
  Node late = node(hurried);
  int calls = 0;
  late.caller->before = [&](ApiCall, const boost::json::object& body) {
    // The number of shards is read once for all requests.
    if (boost::json::serialize(body).find("shards") == std::string::npos) ++calls;
  };
  EXPECT_EQ(try_append(late, numbered(1)).error().code, ErrorCode::overloaded);
  EXPECT_EQ(append_batch(late, {numbered(1), numbered(2)}).at(1).error().code, ErrorCode::overloaded);
  EXPECT_EQ(sync_wait(late.store->acknowledge(tenant, {EventId{}})).error().code, ErrorCode::overloaded);
  EXPECT_EQ(sync_wait(late.store->get(tenant, EventId{})).error().code, ErrorCode::overloaded);
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(late.store->health().writable);
}

TEST_F(RetriesTest, EventWhoseWriterNeverLearnsTheOutcomeIsUnavailableAndADuplicateWhenItIsSentAgain) {
  one_.caller->lose_answer = [&](ApiCall api_call, const boost::json::object& body) {
    const bool event = puts_event(api_call, body);
    if (event) one_.caller->lose_request = [](ApiCall now, const auto&) { return now == ApiCall::get_item; };
    if (event) clock.advance(1s);  // Or it would ask for as long as it may.
    return event;
  };
  const auto answer = try_append(one_, numbered(1));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_EQ(append(two_, numbered(1)).outcome, Outcome::duplicate);
  EXPECT_EQ(page(two_).events.size(), 1U);
}

TEST_F(RetriesTest, ThrottledEventIsOverloadedAndCanBeSentAgain) {
  one_.caller->answer_instead = refuse(CallError::Kind::throttled, "");
  const auto answer = try_append(one_, numbered(1));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::overloaded);
  EXPECT_TRUE(one_.store->health().writable);
  one_.caller->answer_instead = {};
  EXPECT_EQ(append(one_, numbered(1)).outcome, Outcome::accepted);
  EXPECT_EQ(page(two_).events.size(), 1U);
}

TEST_F(RetriesTest, PartOfABatchThatIsRefusedIsRefusedAloneAndStoredWhenAllIsSentAgain) {
  // No number that may be a part of a table's or an event's random name.
  const std::vector<Draft> drafts{numbered(1), numbered(2), numbered(33'333'333), numbered(4)};
  one_.caller->answer_instead = refuse(CallError::Kind::throttled, "33333333");
  const auto answers = append_batch(one_, drafts);
  for (std::size_t i = 0; i < drafts.size(); ++i) EXPECT_EQ(answers[i].ok(), i != 2) << i;
  EXPECT_EQ(answers[2].error().code, ErrorCode::overloaded);
  one_.caller->answer_instead = {};
  const auto again = append_batch(one_, drafts);
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    ASSERT_TRUE(again[i].ok()) << i;
    EXPECT_EQ(again[i]->outcome, i == 2 ? Outcome::accepted : Outcome::duplicate) << i;
  }
  EXPECT_EQ(page(two_).events.size(), 4U);
}

TEST_F(RetriesTest, BatchDoesNotWaitForASilentDynamoForEachOfItsEvents) {
  append(one_, numbered(1));  // It knows the number of shards.
  int calls = 0;
  one_.caller->answer_instead = [&](ApiCall, const auto&) -> std::optional<CallResult> {
    ++calls;
    return CallError{CallError::Kind::unavailable, "silent", {}};
  };
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < 500; ++i) drafts.push_back(numbered(100 + i));
  for (const auto& answer : append_batch(one_, drafts)) EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  // What had begun beside the first that failed, and the count.
  EXPECT_LE(calls, 40);
  calls = 0;
  std::vector<EventId> different;
  for (std::uint8_t i = 0; i < 250; ++i) {
    EventId id;
    id.bytes[3] = i;
    different.push_back(id);
  }
  EXPECT_EQ(sync_wait(one_.store->acknowledge(tenant, different)).error().code, ErrorCode::unavailable);
  EXPECT_LE(calls, 40);
}

TEST_F(RetriesTest, PartOfAnAcknowledgementThatIsRefusedIsMadeWhenAllIsSentAgain) {
  std::vector<EventId> ids;
  for (std::size_t i = 0; i < 4; ++i) ids.push_back(append(one_, numbered(i)).id);
  int removals = 0;
  one_.caller->answer_instead = [&](ApiCall api_call, const auto&) -> std::optional<CallResult> {
    if (api_call != ApiCall::delete_item || ++removals != 2) return {};
    return CallError{CallError::Kind::throttled, "refused by the test", {}};
  };
  const auto refused = sync_wait(one_.store->acknowledge(tenant, ids));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);  // Not "nothing was done".
  EXPECT_TRUE(one_.store->health().writable);
  EXPECT_EQ(page(two_).events.size(), 1U);
  EXPECT_TRUE(sync_wait(one_.store->acknowledge(tenant, ids)).ok());
  EXPECT_TRUE(page(two_).events.empty());
}

}  // namespace
}  // namespace triggers::store
