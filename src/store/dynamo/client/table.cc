#include "store/dynamo/client/table.h"

#include <boost/json.hpp>
#include <span>

#include "base/encoding.h"
#include "base/random.h"

namespace triggers::store::dynamo {
namespace {

void add_condition(boost::json::object& body, Condition condition) {
  if (!condition.expression.empty()) body["ConditionExpression"] = condition.expression;
  if (!condition.values.empty()) body["ExpressionAttributeValues"] = std::move(condition.values);
  body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD";
}

boost::json::object free_of(const std::string& table, std::string_view part, Item item) {
  boost::json::object out;
  out["TableName"] = table;
  out[part] = std::move(item);
  out["ConditionExpression"] = "attribute_not_exists(k)";
  return out;
}

}  // namespace

std::string request_token() {
  std::string bytes(16, '\0');
  fill_random(std::as_writable_bytes(std::span(bytes)));
  return to_hex(bytes);
}

std::chrono::milliseconds Table::left() const {
  if (deadline_ == TimePoint::max()) return std::chrono::milliseconds::max();
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
}

Task<CallResult> Table::call(ApiCall api_call, boost::json::object body, Repeat repeat,
                             std::chrono::milliseconds within) {
  if (turns_ != nullptr) {
    auto turn = turns_->take(tenant_);
    if (!co_await turn) {
      co_return CallError{CallError::Kind::share_used, "Too many calls of this tenant to DynamoDB are waiting.", {}};
    }
  }
  const CallTurns::Turn turn(turns_, tenant_);
  within = std::min(within, left());
  if (within.count() <= 0) co_return CallError{CallError::Kind::throttled, "the time of the request is over", {}};
  auto answer = co_await caller_.call(api_call, std::move(body), repeat, within);
  // The body was cut off: DynamoDB itself may be well.
  const bool cut = !answer && answer.error().kind == CallError::Kind::unavailable && late();
  if (!cut) co_return answer;
  CallError error = std::move(answer).error();
  error.kind = CallError::Kind::throttled;
  co_return error;
}

Task<Result<Item, CallError>> Table::get(Item key) {
  boost::json::object body;
  body["TableName"] = name_;
  body["Key"] = std::move(key);
  body["ConsistentRead"] = true;
  auto answer = co_await call(ApiCall::get_item, std::move(body), Repeat::safe, within_default);
  if (!answer) co_return std::move(answer).error();
  co_return object_of(*answer, "Item");
}

Task<CallResult> Table::put(Item item, Condition condition, Repeat repeat, std::chrono::milliseconds within) {
  boost::json::object body;
  body["TableName"] = name_;
  body["Item"] = std::move(item);
  add_condition(body, std::move(condition));
  co_return co_await call(ApiCall::put_item, std::move(body), repeat, within);
}

Task<CallResult> Table::remove(Item key, Condition condition, Repeat repeat) {
  boost::json::object body;
  body["TableName"] = name_;
  body["Key"] = std::move(key);
  add_condition(body, std::move(condition));
  co_return co_await call(ApiCall::delete_item, std::move(body), repeat, within_default);
}

Task<CallResult> Table::put_if_neither(Item item, Item elsewhere, std::chrono::milliseconds within) {
  boost::json::object put;
  put["Put"] = free_of(name_, "Item", std::move(item));
  boost::json::object check;
  check["ConditionCheck"] = free_of(name_, "Key", std::move(elsewhere));
  boost::json::object body;
  body["TransactItems"] = boost::json::array{std::move(put), std::move(check)};
  body["ClientRequestToken"] = request_token();
  co_return co_await call(ApiCall::transact_write_items, std::move(body), Repeat::safe, within);
}

Task<Result<Item, CallError>> Table::update(Item key, std::string expression, Condition condition, Repeat repeat) {
  boost::json::object body;
  body["TableName"] = name_;
  body["Key"] = std::move(key);
  body["UpdateExpression"] = expression;
  body["ReturnValues"] = "ALL_NEW";
  add_condition(body, std::move(condition));
  auto answer = co_await call(ApiCall::update_item, std::move(body), repeat, within_default);
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
    condition += " AND " + range.sort_name + (range.backwards ? " < :after" : " > :after");
    values[":after"] = std::move(range.after);
  }
  body["KeyConditionExpression"] = condition;
  body["ExpressionAttributeValues"] = std::move(values);
  body["Limit"] = range.limit;
  if (range.backwards) body["ScanIndexForward"] = false;
  auto answer = co_await call(ApiCall::query, std::move(body), Repeat::safe, within_default);
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
