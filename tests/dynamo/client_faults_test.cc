// What the client does when DynamoDB throttles, fails or is silent. Its normal calls are in client_test.cc; whole
// operations under such faults are in retries_test.cc.

#include <zlib.h>

#include <atomic>
#include <latch>
#include <thread>

#include "client_fixture.h"
#include "http/client/test_peer.h"
#include "store/dynamo/client/caller.h"
#include "store/dynamo/client/retry_budget.h"

namespace triggers::store::dynamo {
namespace {

using http::TestPeer;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* throttling =
    R"({"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slower"})";
constexpr const char* condition =
    R"({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no",)"
    R"("Item":{"pk":{"S":"p"}}})";

/// Serves requests 0, 1, 2, … of all connections, in order of their coming.
auto by_number(std::function<bool(TestPeer::Connection&, std::size_t)> serve) {
  return [serve = std::move(serve),
          next = std::make_shared<std::atomic<std::size_t>>(0)](TestPeer::Connection& connection) {
    while (!connection.read_request().empty()) {
      if (!serve(connection, (*next)++)) return;
    }
  };
}

DynamoCode code_of(const Result<DynamoReply, DynamoError>& outcome) {
  EXPECT_FALSE(outcome.ok());
  return outcome ? DynamoCode::validation : outcome.error().code;
}

TEST(DynamoClientFaults, ThrottlingIsTriedAgain) {
  TestPeer peer(by_number([](auto& connection, std::size_t number) {
    number < 3 ? connection.answer(throttling, 400) : connection.answer("{}");
    return true;
  }));
  ClientFixture fixture(peer.url());
  const auto outcome = fixture.call(ApiCall::update_item, "{}", Repeat::once);
  ASSERT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome->repeated);
  EXPECT_NE(fixture.registry.exposition().find("triggers_dynamodb_retries_total 3"), std::string::npos);
}

TEST(DynamoClientFaults, ThrottlingUntilTheDeadlineIsThrottledInTime) {
  TestPeer peer(by_number([](auto& connection, std::size_t) {
    connection.answer(throttling, 400);
    return true;
  }));
  ClientFixture fixture(peer.url());
  const auto since = steady_clock::now();
  EXPECT_EQ(code_of(fixture.call(ApiCall::put_item, "{}", Repeat::safe, milliseconds{300})), DynamoCode::throttled);
  EXPECT_LT(steady_clock::now() - since, milliseconds{2'000});
}

TEST(DynamoClientFaults, WriteWhoseAnswerNeverCameIsAmbiguousOrRepeatedAsItIsMarked) {
  const auto cut_first = [](auto& connection, std::size_t number) {
    if (number == 0) return false;  // the request was read, and the connection ends
    connection.answer(condition, 400);
    return true;
  };
  TestPeer first(by_number(cut_first));
  ClientFixture once(first.url());
  EXPECT_EQ(code_of(once.call(ApiCall::update_item, "{}", Repeat::once)), DynamoCode::ambiguous);
  TestPeer second(by_number(cut_first));
  ClientFixture safe(second.url());
  const auto outcome = safe.call(ApiCall::put_item, "{}", Repeat::safe);
  EXPECT_EQ(code_of(outcome), DynamoCode::conditional_failed);
  EXPECT_TRUE(outcome.error().repeated);
  EXPECT_EQ(outcome.error().item, R"({"pk":{"S":"p"}})");
}

TEST(DynamoClientFaults, SilenceEndsAtTheDeadlineAndIsAmbiguousForAWriteOnly) {
  TestPeer peer([](TestPeer::Connection& connection) {
    connection.read_request();
    connection.await_close();
  });
  ClientFixture fixture(peer.url());
  const auto since = steady_clock::now();
  EXPECT_EQ(code_of(fixture.call(ApiCall::put_item, "{}", Repeat::safe, milliseconds{200})), DynamoCode::ambiguous);
  EXPECT_EQ(code_of(fixture.call(ApiCall::get_item, "{}", Repeat::safe, milliseconds{200})), DynamoCode::unavailable);
  EXPECT_LT(steady_clock::now() - since, milliseconds{5'000});
}

TEST(DynamoClientFaults, ServerErrorsGarbageAndResetsAreTriedAgain) {
  TestPeer peer(by_number([](TestPeer::Connection& connection, std::size_t number) {
    switch (number) {
      case 0: connection.answer(R"({"__type":"x#InternalServerError"})", 500); return true;
      case 1: connection.answer("<html>no gateway</html>", 502); return true;
      case 2: connection.send("what is this?\r\n\r\n"); return false;
      case 3: connection.reset(); return false;
      case 4: connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"hal"); return false;
      default: connection.answer("{}"); return true;
    }
  }));
  ClientFixture fixture(peer.url());
  const auto outcome = fixture.call(ApiCall::put_item, "{}");
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_TRUE(outcome->repeated);
}

TEST(DynamoClientFaults, DamagedResponseIsRejected) {
  const std::string body = R"({"Item":{"pk":{"S":"p"}}})";
  const auto crc = ::crc32(0, reinterpret_cast<const unsigned char*>(body.data()), static_cast<unsigned>(body.size()));
  const std::string field = "x-amz-crc32: " + std::to_string(crc) + "\r\n";
  TestPeer peer(by_number([&](auto& connection, std::size_t number) {
    connection.answer(number == 0 ? R"({"Item":{"pk":{"S":"q"}}})" : body, 200, field);
    return true;
  }));
  ClientFixture fixture(peer.url());
  const auto outcome = fixture.call(ApiCall::get_item, "{}");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->body, body);
}

TEST(DynamoClientFaults, ResponseThatOnlyResemblesJsonIsRejected) {
  TestPeer peer(by_number([](auto& connection, std::size_t) {
    connection.answer(R"({"Item":{"pk":what is this?}})");
    return true;
  }));
  ClientFixture fixture(peer.url());
  fixture.client = DynamoClient::create(fixture.config, fixture.credentials, fixture.registry).value();
  const auto caller = make_caller(*fixture.client);
  for (const ApiCall api_call : {ApiCall::get_item, ApiCall::put_item}) {
    const auto answer = sync_wait(caller->call(api_call, {}, Repeat::safe, milliseconds{5'000}));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().kind, CallError::Kind::unknown);
    EXPECT_EQ(to_error(answer.error()).code, ErrorCode::unavailable);
  }
}

TEST(DynamoClientFaults, ConnectionsThatThePeerClosesWhileTheyAreIdleCostNoAnswer) {
  TestPeer peer([](TestPeer::Connection& connection) {
    connection.read_request();
    connection.answer("{}");
  });
  ClientFixture fixture(peer.url());
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(fixture.call(ApiCall::put_item, "{}", Repeat::safe).ok()) << i;
}

TEST(DynamoClientFaults, TableWhoseBackupsAreNotReadyYetIsAskedAgain) {
  TestPeer peer(by_number([](auto& connection, std::size_t number) {
    const char* const early = R"({"__type":"com.amazonaws.dynamodb.v20120810#ContinuousBackupsUnavailableException"})";
    number < 2 ? connection.answer(early, 400) : connection.answer("{}");
    return true;
  }));
  ClientFixture fixture(peer.url());
  EXPECT_TRUE(fixture.call(ApiCall::update_continuous_backups, "{}").ok());
}

TEST(DynamoClientFaults, NoListenerIsUnavailableAndNothingWasDone) {
  std::string url;
  {
    TestPeer gone([](TestPeer::Connection&) {});
    url = gone.url();
  }
  ClientFixture fixture(url);
  const auto outcome = fixture.call(ApiCall::update_item, "{}", Repeat::once, milliseconds{200});
  EXPECT_EQ(code_of(outcome), DynamoCode::unavailable);
  EXPECT_FALSE(outcome.error().repeated);
}

TEST(DynamoClientFaults, ItemIsTooLargeAndAKeyIsNot) {
  TestPeer peer(by_number([](auto& connection, std::size_t number) {
    const std::string_view message =
        number == 0
            ? "Item size has exceeded the maximum allowed size"
            : "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size "
              "limit of 1024 bytes";
    connection.answer(R"({"__type":"x#ValidationException","message":")" + std::string(message) + R"("})", 400);
    return true;
  }));
  ClientFixture fixture(peer.url());
  EXPECT_EQ(code_of(fixture.call(ApiCall::put_item, "{}")), DynamoCode::too_large);
  EXPECT_EQ(code_of(fixture.call(ApiCall::query, "{}")), DynamoCode::validation);
}

TEST(DynamoClientFaults, FullQueueOfTheNodeIsOverloadedAndNotTriedAgain) {
  std::latch asked(1), told(1);
  TestPeer peer([&](TestPeer::Connection& connection) {
    connection.read_request();
    asked.count_down();
    told.wait();
    connection.answer("{}");
  });
  ClientFixture fixture(peer.url());
  fixture.config.connections_max = 1;
  fixture.config.waiting_max = 0;
  fixture.client = DynamoClient::create(fixture.config, fixture.credentials, fixture.registry).value();
  std::thread first([&] { EXPECT_TRUE(fixture.call(ApiCall::put_item, "{}", Repeat::safe).ok()); });
  asked.wait();
  const auto caller = make_caller(*fixture.client);
  const auto answer = sync_wait(caller->call(ApiCall::put_item, {}, Repeat::safe, milliseconds{5'000}));
  told.count_down();
  first.join();
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, CallError::Kind::overloaded);
  EXPECT_EQ(to_error(answer.error()).code, ErrorCode::overloaded);
  const std::string metrics = fixture.registry.exposition();
  EXPECT_NE(metrics.find(R"(outcome="overloaded"} 1)"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("triggers_dynamodb_retries_total 0"), std::string::npos) << metrics;
}

TEST(DynamoClientFaults, EveryTryIsSignedAndNamesItsOperation) {
  std::string seen;
  TestPeer peer([&](TestPeer::Connection& connection) {
    seen = connection.read_request();
    connection.answer("{}");
  });
  ClientFixture fixture(peer.url());
  ASSERT_TRUE(fixture.call(ApiCall::query, R"({"TableName":"t"})").ok());
  EXPECT_NE(seen.find("X-Amz-Target: DynamoDB_20120810.Query\r\n"), std::string::npos);
  EXPECT_NE(seen.find("Content-Type: application/x-amz-json-1.0\r\n"), std::string::npos);
  EXPECT_NE(seen.find("SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="), std::string::npos);
  EXPECT_NE(seen.find("/eu-west-1/dynamodb/aws4_request"), std::string::npos);
  EXPECT_EQ(seen.find("secret"), std::string::npos);
}

TEST(RetryBudgetTest, RunsOutAndIsRefilledByTenSuccessesForARetry) {
  RetryBudget budget;
  for (int i = 0; i < RetryBudget::retries_max; ++i) ASSERT_TRUE(budget.take());
  EXPECT_FALSE(budget.take());
  for (int i = 0; i < 9; ++i) budget.succeeded();
  EXPECT_FALSE(budget.take());
  budget.succeeded();
  EXPECT_TRUE(budget.take());
}

}  // namespace
}  // namespace triggers::store::dynamo
