// Creating, checking and deleting the tables. Tables that are just being changed are in tables_busy_test.cc.

#include "dynamo/fleet.h"

namespace triggers::store {
namespace {

using dynamo::ApiCall;
using dynamo::Repeat;

class TablesTest : public FleetTest {
 protected:
  static bool good(const std::vector<dynamo::TableReport>& reports) {
    return reports.size() == 2 && reports[0].good && reports[1].good;
  }
  std::vector<dynamo::TableReport> create() { return sync_wait(tables().create()).value(); }
  std::vector<dynamo::TableReport> check() { return sync_wait(tables().check()).value(); }
  std::vector<dynamo::TableReport> remove() { return sync_wait(tables().remove()).value(); }
};

TEST_F(TablesTest, CreatingAgainChangesNothing) {
  EXPECT_TRUE(good(create()));
  EXPECT_TRUE(good(check()));
  Node node = this->node();
  append(node, numbered(1));
  EXPECT_TRUE(good(create()));
  EXPECT_EQ(page(node).events.size(), 1U);
}

TEST_F(TablesTest, DeletedTablesAreMissingAndDeletingAgainIsGood) {
  EXPECT_TRUE(good(remove()));
  const auto reports = check();
  EXPECT_FALSE(reports[0].good);
  EXPECT_NE(reports[0].text.find("missing"), std::string::npos);
  EXPECT_TRUE(good(remove()));
}

TEST_F(TablesTest, TableOfAnotherShapeIsLeftAloneAndTold) {
  remove();
  boost::json::object body;
  body["TableName"] = config.events_table;
  body["BillingMode"] = "PAY_PER_REQUEST";
  body["KeySchema"] = boost::json::parse(R"([{"AttributeName":"id","KeyType":"HASH"}])");
  body["AttributeDefinitions"] = boost::json::parse(R"([{"AttributeName":"id","AttributeType":"S"}])");
  ASSERT_TRUE(sync_wait(real->call(ApiCall::create_table, body, Repeat::safe, std::chrono::seconds{10})));
  const auto reports = create();
  EXPECT_FALSE(reports[0].good);
  EXPECT_NE(reports[0].text.find("another program"), std::string::npos);
  EXPECT_TRUE(reports[1].good);
}

TEST_F(TablesTest, StoreWithoutItsTablesSaysSoAndServesOnceTheyAreThere) {
  Node node = this->node();
  remove();
  const auto refused = try_append(node, numbered(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_NE(refused.error().message.find("triggers tables"), std::string::npos);
  EXPECT_FALSE(node.store->health().writable);
  sync_wait(node.store->probe_if_troubled());
  EXPECT_FALSE(node.store->health().writable);
  create();
  sync_wait(node.store->probe_if_troubled());
  EXPECT_TRUE(node.store->health().writable);
  EXPECT_EQ(append(node, numbered(1)).outcome, Appended::Outcome::accepted);
  EXPECT_TRUE(node.store->health().writable);
}

TEST_F(TablesTest, NodeThatCannotReadKeysSaysSoUntilItCan) {
  Node node = this->node();
  remove();
  EXPECT_FALSE(sync_wait(node.store->key_by_hash(auth::KeyHash{})));
  EXPECT_FALSE(node.store->health().writable);
  create();
  sync_wait(node.store->probe_if_troubled());
  EXPECT_TRUE(node.store->health().writable);
}

}  // namespace
}  // namespace triggers::store
