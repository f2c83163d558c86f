#include "store/dynamo/client/table.h"

#include <boost/json.hpp>
#include <span>
#include <unordered_map>

#include "base/encoding.h"
#include "base/invariant.h"
#include "base/random.h"

namespace triggers::store::dynamo {
namespace {

void add_condition(boost::json::object& body, Condition condition) {
  if (!condition.expression.empty()) body["ConditionExpression"] = condition.expression;
  if (!condition.values.empty()) body["ExpressionAttributeValues"] = std::move(condition.values);
  body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD";
}

std::string_view name_of(Write::Kind kind) {
  switch (kind) {
    case Write::Kind::put: return "Put";
    case Write::Kind::remove: return "Delete";
    case Write::Kind::update: return "Update";
    case Write::Kind::check: return "ConditionCheck";
  }
  INVARIANT(false, "a kind of write without an entry in this switch");
}

/// As an element of TransactItems.
boost::json::object to_json(const std::string& table, Write write) {
  boost::json::object body;
  body["TableName"] = table;
  body[write.kind == Write::Kind::put ? "Item" : "Key"] = std::move(write.item);
  if (!write.expression.empty()) body["UpdateExpression"] = write.expression;
  add_condition(body, std::move(write.condition));
  boost::json::object out;
  out[name_of(write.kind)] = std::move(body);
  return out;
}

/// The bytes that follow these: nothing lies between the two.
boost::json::object next_bytes(const boost::json::object& value) {
  Item item;
  item["i"] = value;
  const auto bytes = bytes_of(item, "i");
  INVARIANT(bytes.has_value(), "a range with two ends needs bytes as its sort key");
  return bytes_value(*bytes + '\0');
}

/// Adds the ends of the range to a condition and its values.
void add_ends(const Table::Range& range, std::string& condition, Item& values) {
  INVARIANT(range.up_to.empty() || !range.backwards, "a range that has a last item goes forwards");
  const std::string name = " AND " + range.sort_name;
  const bool both = !range.after.empty() && !range.up_to.empty();
  if (both) {
    condition += name + " BETWEEN :after AND :up_to";
  } else if (!range.after.empty()) {
    condition += name + (range.backwards ? " < :after" : " > :after");
  } else if (!range.up_to.empty()) {
    condition += name + " <= :up_to";
  }
  if (!range.after.empty()) values[":after"] = both ? next_bytes(range.after) : range.after;
  if (!range.up_to.empty()) values[":up_to"] = range.up_to;
}

/// The key of the table whose attributes an item has.
std::string key_text(const Item& item, const Item& like) {
  Item key;
  for (const auto& part : like) {
    const auto* found = item.if_contains(part.key());
    if (found != nullptr) key[part.key()] = *found;
  }
  return boost::json::serialize(key);
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

Task<CallResult> Table::transact(std::vector<Write> writes, std::string token, std::chrono::milliseconds within) {
  INVARIANT(!writes.empty() && writes.size() <= writes_max, "a transaction with too few or too many writes");
  boost::json::array items;
  items.reserve(writes.size());
  for (Write& write : writes) items.push_back(to_json(name_, std::move(write)));
  boost::json::object body;
  body["TransactItems"] = std::move(items);
  body["ClientRequestToken"] = token;
  co_return co_await call(ApiCall::transact_write_items, std::move(body), Repeat::safe, within);
}

Task<CallResult> Table::transact_until_known(std::vector<Write> writes) {
  const std::string token = request_token();
  bool in_doubt = false;
  for (unsigned retry = 0;; ++retry) {
    auto done = co_await transact(writes, token);
    if (done || done.error().kind == CallError::Kind::condition_failed) co_return done;
    CallError error = std::move(done).error();
    in_doubt = in_doubt || error.kind == CallError::Kind::unknown;
    bool again = error.kind == CallError::Kind::unknown || error.kind == CallError::Kind::contended;
    if (again) again = co_await wait_to_retry(retry, within_default);
    if (again) continue;
    if (in_doubt) error.kind = CallError::Kind::unknown;
    co_return error;
  }
}

Task<Result<std::vector<Item>, CallError>> Table::get_some(boost::json::array keys) {
  std::vector<Item> items;
  for (unsigned retry = 0; !keys.empty(); ++retry) {
    if (retry > 0) {
      const bool again = co_await wait_to_retry(retry - 1, within_default);
      if (!again) co_return CallError{CallError::Kind::throttled, "DynamoDB left out some items", {}};
    }
    boost::json::object about;
    about["Keys"] = std::move(keys);
    about["ConsistentRead"] = true;
    boost::json::object tables;
    tables[name_] = std::move(about);
    boost::json::object body;
    body["RequestItems"] = std::move(tables);
    auto answer = co_await call(ApiCall::batch_get_item, std::move(body), Repeat::safe, within_default);
    if (!answer) co_return std::move(answer).error();
    const Item& responses = object_of(*answer, "Responses");
    if (const auto* found = responses.if_contains(name_); found != nullptr && found->is_array()) {
      for (const auto& item : found->get_array()) {
        if (item.is_object()) items.push_back(item.get_object());
      }
      if (!found->get_array().empty()) retry = 0;  // It makes progress.
    }
    keys = boost::json::array();
    const Item& left = object_of(object_of(*answer, "UnprocessedKeys"), name_);
    if (const auto* found = left.if_contains("Keys"); found != nullptr && found->is_array()) keys = found->get_array();
  }
  co_return items;
}

Task<Result<std::vector<Item>, CallError>> Table::batch_get(std::vector<Item> keys) {
  constexpr std::size_t keys_max = 100;
  std::unordered_map<std::string, Item> found;
  for (std::size_t begin = 0; begin < keys.size(); begin += keys_max) {
    boost::json::array some;
    for (std::size_t i = begin; i < std::min(keys.size(), begin + keys_max); ++i) some.push_back(keys[i]);
    auto items = co_await get_some(std::move(some));
    if (!items) co_return std::move(items).error();
    for (Item& item : *items) {
      std::string key = key_text(item, keys.front());
      found.insert_or_assign(std::move(key), std::move(item));
    }
  }
  std::vector<Item> answers;
  answers.reserve(keys.size());
  for (const Item& key : keys) {
    const auto at = found.find(key_text(key, key));
    answers.push_back(at == found.end() ? Item{} : std::move(at->second));
  }
  co_return answers;
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
  add_ends(range, condition, values);
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
