// Transactions, reads of many items and ranges of one table. What the client does with a single call is in
// client_test.cc.

#include "store/dynamo/client/table.h"

#include "dynamo/fleet.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

using Kind = CallError::Kind;

class TableTest : public FleetTest {
 protected:
  static Item item(const std::string& sort, const std::string& text) {
    Item item = layout::key("p", sort);
    item["w"] = text_value(text);
    return item;
  }
  static Write put_if_absent(const std::string& sort, const std::string& text) {
    Write write;
    write.item = item(sort, text);
    write.condition.expression = "attribute_not_exists(k)";
    return write;
  }
  std::string text(const std::string& sort) {
    return std::string(text_of(sync_wait(table.get(layout::key("p", sort))).value(), "w").value_or(""));
  }
  /// The sort keys of what a range has.
  std::vector<std::string> sorts(Table::Range range) {
    range.partition = "p";
    range.limit = 100;
    std::vector<std::string> found;
    const auto read = sync_wait(table.query(std::move(range))).value();
    for (const Item& one : read.items) found.push_back(*bytes_of(one, "i"));
    return found;
  }

  Node node_ = node();
  Table table{*node_.caller, config.events_table};
};

TEST_F(TableTest, TransactionDoesAllOfItsWrites) {
  ASSERT_TRUE(sync_wait(table.transact({put_if_absent("a", "1"), put_if_absent("b", "1")}, request_token())));
  Write update;
  update.kind = Write::Kind::update;
  update.item = layout::key("p", "a");
  update.expression = "SET w = :w";
  update.condition.values[":w"] = text_value("2");
  Write remove;
  remove.kind = Write::Kind::remove;
  remove.item = layout::key("p", "b");
  Write check;
  check.kind = Write::Kind::check;
  check.item = layout::key("p", "c");
  check.condition.expression = "attribute_not_exists(k)";
  ASSERT_TRUE(sync_wait(table.transact({update, remove, check}, request_token())));
  EXPECT_EQ(text("a"), "2");
  EXPECT_EQ(text("b"), "");
}

TEST_F(TableTest, FailedConditionsOfATransactionBringTheirItemsAndNothingIsDone) {
  ASSERT_TRUE(sync_wait(table.put(item("there", "old"), {}, Repeat::safe)));
  const auto done =
      sync_wait(table.transact({put_if_absent("new", "1"), put_if_absent("there", "1")}, request_token()));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, Kind::condition_failed);
  ASSERT_EQ(done.error().failed.size(), 1U);
  EXPECT_EQ(done.error().failed[0].index, 1U);
  EXPECT_EQ(text_of(done.error().failed[0].item, "w"), "old");
  EXPECT_EQ(text("new"), "");
}

TEST_F(TableTest, TransactionThatIsRepeatedWithItsTokenIsDoneOnce) {
  const std::string token = request_token();
  ASSERT_TRUE(sync_wait(table.transact({put_if_absent("a", "1")}, token)));
  EXPECT_TRUE(sync_wait(table.transact({put_if_absent("a", "1")}, token)));
  EXPECT_FALSE(sync_wait(table.transact({put_if_absent("a", "1")}, request_token())));
}

TEST_F(TableTest, ManyItemsComeInTheOrderOfTheirKeys) {
  std::vector<Item> keys;
  for (int i = 0; i < 230; ++i) {
    const std::string sort = std::to_string(i * 7 % 230);
    keys.push_back(layout::key("p", sort));
    if (i % 3 == 0) continue;
    ASSERT_TRUE(sync_wait(table.put(item(sort, "of " + sort), {}, Repeat::safe)));
  }
  const auto items = sync_wait(table.batch_get(keys)).value();
  ASSERT_EQ(items.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(text_of(items[i], "w").value_or("none"), i % 3 == 0 ? "none" : "of " + std::to_string(i * 7 % 230)) << i;
  }
  EXPECT_TRUE(sync_wait(table.batch_get({})).value().empty());
}

/// An answer that has only the first key's item, and leaves out the others.
CallResult first_alone(const std::string& table, const boost::json::object& body) {
  boost::json::object left = body.at("RequestItems").as_object();
  boost::json::array& keys = left[table].as_object()["Keys"].as_array();
  boost::json::object responses;
  responses[table] = boost::json::array{keys.front()};
  keys.erase(keys.begin());
  boost::json::object answer;
  answer["Responses"] = std::move(responses);
  if (!keys.empty()) answer["UnprocessedKeys"] = std::move(left);
  return answer;
}

TEST_F(TableTest, KeysThatWereLeftOutAreAskedForAgain) {
  node_.caller->answer_instead = [&](ApiCall, const auto& body) { return first_alone(config.events_table, body); };
  const auto items =
      sync_wait(table.batch_get({layout::key("p", "a"), layout::key("p", "b"), layout::key("p", "c")})).value();
  for (const Item& one : items) EXPECT_FALSE(one.empty());
  EXPECT_EQ(node_.caller->retries, 2);
}

TEST_F(TableTest, KeysThatAreLeftOutForeverEndAsThrottled) {
  node_.caller->answer_instead = [&](ApiCall, const boost::json::object& body) -> std::optional<CallResult> {
    boost::json::object answer;
    answer["UnprocessedKeys"] = body.at("RequestItems");
    return answer;
  };
  Table hurried = table.until(std::chrono::steady_clock::now() + std::chrono::milliseconds{300});
  const auto items = sync_wait(hurried.batch_get({layout::key("p", "a")}));
  ASSERT_FALSE(items);
  EXPECT_EQ(items.error().kind, Kind::throttled);
}

TEST_F(TableTest, RangeMayHaveTwoEnds) {
  for (const char* sort : {"a", "b", "ba", "c", "d"}) {
    ASSERT_TRUE(sync_wait(table.put(item(sort, ""), {}, Repeat::safe)));
  }
  Table::Range range;
  range.after = bytes_value("b");
  EXPECT_EQ(sorts(range), (std::vector<std::string>{"ba", "c", "d"}));
  range.up_to = bytes_value("c");
  EXPECT_EQ(sorts(range), (std::vector<std::string>{"ba", "c"}));
  range.after = {};
  EXPECT_EQ(sorts(range), (std::vector<std::string>{"a", "b", "ba", "c"}));
}

}  // namespace
}  // namespace triggers::store::dynamo
