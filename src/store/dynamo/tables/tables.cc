#include "store/dynamo/tables/tables.h"

#include <boost/json.hpp>
#include <thread>

#include "store/dynamo/client/item.h"
#include "store/dynamo/client/table_calls.h"

namespace triggers::store::dynamo {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds poll_interval{500};
constexpr int polls_max = 240;

json::object pair(std::string_view first, std::string_view a, std::string_view second, std::string_view b) {
  json::object out;
  out[first] = a;
  out[second] = b;
  return out;
}

Error still_not(const std::string& name, std::string_view what) {
  return {ErrorCode::unavailable, "the table " + name + " is still not " + std::string{what} + " after two minutes"};
}

/// A refusal by DynamoDB is reported for this table; any other failure ends the command.
Result<TableReport> refused_or_error(TableReport report, std::string_view what, const Error& error) {
  if (error.code != ErrorCode::internal) return error;
  report.text += ", but " + std::string{what} + ": " + error.message;
  return report;
}

}  // namespace

Tables::Tables(Caller& caller, std::string events_table, std::string keys_table)
    : caller_(caller), shapes_{{std::move(events_table), "i", "B"}, {std::move(keys_table), "s", "S"}} {}

Task<Result<std::vector<TableReport>>> Tables::create() { return each(&Tables::create_one); }
Task<Result<std::vector<TableReport>>> Tables::check() { return each(&Tables::check_one); }
Task<Result<std::vector<TableReport>>> Tables::remove() { return each(&Tables::remove_one); }

Task<Result<std::vector<TableReport>>> Tables::each(Task<Result<TableReport>> (Tables::*work)(Shape)) {
  std::vector<TableReport> reports;
  for (const Shape& shape : shapes_) {
    auto report = co_await (this->*work)(shape);
    if (!report) co_return std::move(report).error();
    reports.push_back(std::move(*report));
  }
  co_return reports;
}

Task<Result<TableReport>> Tables::create_one(Shape shape) {
  TableReport report;
  report.table = shape.name;
  auto described = co_await ask_for_table(caller_, ApiCall::describe_table, about_table(shape.name));
  if (!described && described.error().kind != CallError::Kind::no_table) co_return to_error(described.error());
  bool there = described.ok();
  if (there && string_member(object_of(*described, "Table"), "TableStatus") == "DELETING") {
    if (auto gone = co_await wait_until_gone(shape.name); !gone) co_return std::move(gone).error();
    there = false;
  }
  report.text = "was there";
  if (!there) {
    auto made = co_await make(shape);
    if (!made) co_return std::move(made).error();
    report.text = "made" + *made;
  }
  if (auto active = co_await wait_until_active(shape.name); !active) co_return std::move(active).error();
  auto expiry = co_await switch_on_expiry(shape.name);
  if (!expiry) co_return refused_or_error(std::move(report), "what has expired is not removed", expiry.error());
  auto recovery = co_await switch_on_recovery(shape.name);
  if (!recovery) co_return refused_or_error(std::move(report), "point-in-time recovery is off", recovery.error());

  auto checked = co_await check_one(shape);
  if (!checked) co_return std::move(checked).error();
  report.good = checked->good;
  report.text += report.good ? *expiry + *recovery : ", but " + checked->text;
  co_return report;
}

Task<Result<std::string>> Tables::make(Shape shape) {
  json::object body = about_table(shape.name);
  body["BillingMode"] = "PAY_PER_REQUEST";
  json::array keys;
  keys.push_back(pair("AttributeName", "k", "KeyType", "HASH"));
  keys.push_back(pair("AttributeName", shape.sort_name, "KeyType", "RANGE"));
  body["KeySchema"] = std::move(keys);
  json::array types;
  types.push_back(pair("AttributeName", "k", "AttributeType", "S"));
  types.push_back(pair("AttributeName", shape.sort_name, "AttributeType", shape.sort_type));
  body["AttributeDefinitions"] = std::move(types);
  json::object encrypted = body;
  json::object encryption;
  encryption["Enabled"] = true;
  encrypted["SSESpecification"] = std::move(encryption);

  std::string text;
  auto made = co_await ask_for_table(caller_, ApiCall::create_table, std::move(encrypted));
  // Whatever else it finds wrong, it finds again.
  if (!made && made.error().kind == CallError::Kind::invalid) {
    text = ", this endpoint takes no setting of encryption";
    made = co_await ask_for_table(caller_, ApiCall::create_table, std::move(body));
  }
  // Another command may be making it at the same time.
  if (!made && made.error().kind != CallError::Kind::table_busy) co_return to_error(made.error());
  co_return text;
}

Task<Status> Tables::wait_until_active(std::string name) {
  for (int poll = 0; poll < polls_max; ++poll) {
    auto answer = co_await ask_for_table(caller_, ApiCall::describe_table, about_table(name));
    if (!answer && answer.error().kind != CallError::Kind::no_table) co_return to_error(answer.error());
    if (answer && string_member(object_of(*answer, "Table"), "TableStatus") == "ACTIVE") co_return Done{};
    std::this_thread::sleep_for(poll_interval);
  }
  co_return still_not(name, "ready");
}

Task<Status> Tables::wait_until_gone(std::string name) {
  for (int poll = 0; poll < polls_max; ++poll) {
    auto answer = co_await ask_for_table(caller_, ApiCall::describe_table, about_table(name));
    if (!answer && answer.error().kind == CallError::Kind::no_table) co_return Done{};
    if (!answer) co_return to_error(answer.error());
    std::this_thread::sleep_for(poll_interval);
  }
  co_return still_not(name, "gone");
}

Task<Result<std::string>> Tables::switch_on_expiry(std::string name) {
  auto now = co_await expiry_is_on(name);
  if (!now) co_return std::move(now).error();
  if (*now == true) co_return std::string{};
  json::object specification;
  specification["AttributeName"] = expiry_name;
  specification["Enabled"] = true;
  json::object body = about_table(name);
  body["TimeToLiveSpecification"] = std::move(specification);
  auto set = co_await ask_for_table(caller_, ApiCall::update_time_to_live, std::move(body));
  if (set) co_return std::string{", expired items are removed"};
  if (set.error().kind == CallError::Kind::not_offered)
    co_return std::string{", this endpoint removes no expired items"};
  co_return to_error(set.error());
}

Task<Result<std::string>> Tables::switch_on_recovery(std::string name) {
  auto now = co_await recovery_is_on(name);
  if (!now) co_return std::move(now).error();
  if (*now == true) co_return std::string{};
  json::object specification;
  specification["PointInTimeRecoveryEnabled"] = true;
  json::object body = about_table(name);
  body["PointInTimeRecoverySpecification"] = std::move(specification);
  auto set = co_await ask_for_table(caller_, ApiCall::update_continuous_backups, std::move(body));
  if (set) co_return std::string{", point-in-time recovery is on"};
  if (set.error().kind == CallError::Kind::not_offered)
    co_return std::string{", this endpoint has no point-in-time recovery"};
  co_return to_error(set.error());
}

Task<Result<TableReport>> Tables::remove_one(Shape shape) {
  TableReport report;
  report.table = shape.name;
  report.text = "was not there";
  for (int poll = 0; poll < polls_max; ++poll) {
    auto removed = co_await ask_for_table(caller_, ApiCall::delete_table, about_table(shape.name));
    report.good = !removed && removed.error().kind == CallError::Kind::no_table;
    if (report.good) co_return report;
    report.text = "removed";
    if (removed) {
      if (auto gone = co_await wait_until_gone(shape.name); !gone) co_return std::move(gone).error();
      report.good = true;
      co_return report;
    }
    // It is being made, or removed by another command.
    if (removed.error().kind != CallError::Kind::table_busy) co_return to_error(removed.error());
    std::this_thread::sleep_for(poll_interval);
  }
  co_return still_not(shape.name, "gone");
}

}  // namespace triggers::store::dynamo
