#include "store/dynamo/table.h"

#include <boost/json.hpp>

namespace triggers::store::dynamo {
namespace {

void add_condition(boost::json::object& body, Condition condition) {
  if (!condition.expression.empty()) body["ConditionExpression"] = std::move(condition.expression);
  if (!condition.values.empty()) body["ExpressionAttributeValues"] = std::move(condition.values);
  body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD";
}

}  // namespace

Task<Result<Item, CallError>> Table::get(Item key) {
  boost::json::object body;
  body["TableName"] = name_;
  body["Key"] = std::move(key);
  body["ConsistentRead"] = true;
  auto answer = co_await caller_.call(Operation::get_item, std::move(body), Repeat::safe, within_default);
  if (!answer) co_return std::move(answer).error();
  co_return object_of(*answer, "Item");
}

Task<Answer> Table::put(Item item, Condition condition, Repeat repeat, std::chrono::milliseconds within) {
  boost::json::object body;
  body["TableName"] = name_;
  body["Item"] = std::move(item);
  add_condition(body, std::move(condition));
  co_return co_await caller_.call(Operation::put_item, std::move(body), repeat, within);
}

Task<Answer> Table::remove(Item key, Condition condition, Repeat repeat) {
  boost::json::object body;
  body["TableName"] = name_;
  body["Key"] = std::move(key);
  add_condition(body, std::move(condition));
  co_return co_await caller_.call(Operation::delete_item, std::move(body), repeat, within_default);
}

Task<Result<Item, CallError>> Table::update(Item key, std::string expression, Condition condition, Repeat repeat) {
  boost::json::object body;
  body["TableName"] = name_;
  body["Key"] = std::move(key);
  body["UpdateExpression"] = std::move(expression);
  body["ReturnValues"] = "ALL_NEW";
  add_condition(body, std::move(condition));
  auto answer = co_await caller_.call(Operation::update_item, std::move(body), repeat, within_default);
  if (!answer) co_return std::move(answer).error();
  co_return object_of(*answer, "Attributes");
}

Task<Result<Table::Items, CallError>> Table::query(Range range) {
  boost::json::object body;
  body["TableName"] = name_;
  body["ConsistentRead"] = true;
  std::string condition = "k = :k";
  Item values;
  values[":k"] = text_value(range.partition);
  if (!range.after.empty()) {
    condition += " AND " + range.sort_name + " > :after";
    values[":after"] = std::move(range.after);
  }
  body["KeyConditionExpression"] = std::move(condition);
  body["ExpressionAttributeValues"] = std::move(values);
  body["Limit"] = range.limit;
  auto answer = co_await caller_.call(Operation::query, std::move(body), Repeat::safe, within_default);
  if (!answer) co_return std::move(answer).error();
  Items found;
  found.more = answer->contains("LastEvaluatedKey");
  if (auto* items = answer->if_contains("Items"); items != nullptr && items->is_array()) {
    for (auto& item : items->get_array()) {
      if (item.is_object()) found.items.push_back(std::move(item.get_object()));
    }
  }
  co_return found;
}

}  // namespace triggers::store::dynamo
