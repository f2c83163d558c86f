// The client's calls on single items, on DynamoDB Local. Faults are in client_faults_test.cc.

#include "store/dynamo/client/client.h"

#include <boost/json.hpp>

#include "client_fixture.h"
#include "support/dynamodb_local.h"

namespace triggers::store::dynamo {
namespace {

namespace json = boost::json;
using testing_support::DynamodbLocal;

/// Each test has a table of its own on one DynamoDB Local.
class DynamoClientTest : public ::testing::Test {
 protected:
  DynamoClientTest() {
    fixture.config.try_timeout = std::chrono::seconds{30};  // a program that has just started is slow
    const auto made = fixture.call(ApiCall::create_table, with_table(R"("BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}])"),
                                   Repeat::once, std::chrono::seconds{30});
    EXPECT_TRUE(made.ok());
  }

  std::string with_table(const std::string& members) const {
    return R"({"TableName":")" + table + "\"," + members + "}";
  }
  static std::string item(const std::string& key, const std::string& value) {
    return R"({"pk":{"S":"p"},"sk":{"S":")" + key + R"("},"v":{"S":")" + value + R"("}})";
  }
  Result<DynamoReply, DynamoError> put(const std::string& key, const std::string& value, const std::string& more = "") {
    return fixture.call(ApiCall::put_item, with_table("\"Item\":" + item(key, value) + more));
  }
  json::value get(const std::string& key) {
    const std::string members = R"("ConsistentRead":true,"Key":{"pk":{"S":"p"},"sk":{"S":")" + key + "\"}}";
    const auto got = fixture.call(ApiCall::get_item, with_table(members));
    EXPECT_TRUE(got.ok());
    return got ? json::parse(got->body) : json::value{};
  }

  static inline int number = 0;
  const std::string table = "client-" + std::to_string(::getpid()) + "-" + std::to_string(number++);
  ClientFixture fixture{DynamodbLocal::shared_url()};
};

constexpr const char* if_absent =
    R"json(,"ConditionExpression":"attribute_not_exists(pk)","ReturnValuesOnConditionCheckFailure":"ALL_OLD")json";

TEST_F(DynamoClientTest, WhatWasPutIsRead) {
  ASSERT_TRUE(put("a", "one").ok());
  EXPECT_EQ(get("a").at("Item").at("v").at("S"), "one");
}

TEST_F(DynamoClientTest, FailedConditionBringsTheItemThatWasThere) {
  ASSERT_TRUE(put("a", "one", if_absent).ok());
  const auto second = put("a", "two", if_absent);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, DynamoCode::conditional_failed);
  EXPECT_FALSE(second.error().repeated);
  EXPECT_EQ(json::parse(second.error().item).at("v").at("S"), "one");
}

TEST_F(DynamoClientTest, QueryReadsARangeInOrder) {
  for (const char* key : {"c", "a", "b"}) ASSERT_TRUE(put(key, key).ok());
  const auto found = fixture.call(ApiCall::query, with_table(R"("KeyConditionExpression":"pk = :p AND sk > :a",
                                      "ExpressionAttributeValues":{":p":{"S":"p"},":a":{"S":"a"}})"));
  ASSERT_TRUE(found.ok());
  const json::value body = json::parse(found->body);
  ASSERT_EQ(body.at("Count"), 2);
  EXPECT_EQ(body.at("Items").at(0).at("sk").at("S"), "b");
}

TEST_F(DynamoClientTest, BatchWritesSeveralItems) {
  const std::string one = R"({"PutRequest":{"Item":{"pk":{"S":"p"},"sk":{"S":")";
  const auto written = fixture.call(
      ApiCall::batch_write_item, R"({"RequestItems":{")" + table + "\":[" + one + R"(x"}}}},)" + one + R"(y"}}}}]}})");
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(json::parse(written->body).at("UnprocessedItems").as_object().size(), 0U);
  EXPECT_TRUE(get("y").as_object().contains("Item"));
}

TEST_F(DynamoClientTest, CancelledTransactionSaysWhichItemAndDoesNothing) {
  ASSERT_TRUE(put("there", "old").ok());
  const std::string item = R"({"Put":{"TableName":")" + table + R"(","Item":{"pk":{"S":"p"},"sk":{"S":")";
  const auto done = fixture.call(ApiCall::transact_write_items, R"({"TransactItems":[)" + item + R"(new"}}}},)" + item +
                                                                    R"(there"}})" + if_absent + "}}]}");
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, DynamoCode::transaction_cancelled);
  ASSERT_EQ(done.error().reasons.size(), 2U);
  EXPECT_EQ(done.error().reasons[0].code, "None");
  EXPECT_EQ(done.error().reasons[1].code, "ConditionalCheckFailed");
  EXPECT_FALSE(get("new").as_object().contains("Item"));
}

TEST_F(DynamoClientTest, RefusalsSayWhatTheCallerDoesNext) {
  const auto code = [](const auto& outcome) { return outcome ? std::nullopt : std::optional(outcome.error().code); };
  EXPECT_EQ(code(fixture.call(ApiCall::get_item, R"({"TableName":"absent","Key":{"pk":{"S":"p"}}})")),
            DynamoCode::missing_table);
  EXPECT_EQ(code(fixture.call(ApiCall::get_item, with_table(R"("Key":{"wrong":{"S":"p"}})"))), DynamoCode::validation);
  EXPECT_EQ(code(put("large", std::string(401 * 1024, 'x'))), DynamoCode::too_large);
  EXPECT_EQ(code(fixture.call(ApiCall::create_table, with_table(R"("BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}])"))),
            DynamoCode::table_not_active);
}

TEST_F(DynamoClientTest, LargeItemsGoThereAndBack) {
  const std::string large(390 * 1024, 'x');
  ASSERT_TRUE(put("large", large).ok());
  EXPECT_EQ(get("large").at("Item").at("v").at("S").as_string(), large);
}

TEST_F(DynamoClientTest, CountsCallsAndUnits) {
  ASSERT_TRUE(put("a", "one", R"(,"ReturnConsumedCapacity":"TOTAL")").ok());
  ASSERT_FALSE(put("a", "one", if_absent).ok());
  const std::string text = fixture.registry.exposition();
  EXPECT_NE(text.find("triggers_dynamodb_calls_total{operation=\"PutItem\",outcome=\"ok\"} 1"), std::string::npos);
  EXPECT_NE(text.find("triggers_dynamodb_calls_total{operation=\"PutItem\",outcome=\"conditional_failed\"} 1"),
            std::string::npos);
  EXPECT_NE(text.find("triggers_dynamodb_consumed_units_total{operation=\"PutItem\"} 1"), std::string::npos) << text;
}

}  // namespace
}  // namespace triggers::store::dynamo
