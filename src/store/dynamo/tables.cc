#include "store/dynamo/tables.h"

#include <boost/json.hpp>
#include <optional>
#include <thread>

#include "store/dynamo/item.h"
#include "store/dynamo/table.h"

namespace triggers::store::dynamo {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds answer_within{30'000};
constexpr std::chrono::milliseconds look_every{500};
constexpr int looks_max = 240;
constexpr std::string_view expiry_name = "x";

json::object named(std::string_view table) {
  json::object body;
  body["TableName"] = table;
  return body;
}

std::string_view string_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string_view{member->get_string()} : std::string_view{};
}

json::object pair(std::string_view first, std::string_view a, std::string_view second, std::string_view b) {
  json::object out;
  out[first] = a;
  out[second] = b;
  return out;
}

/// Name and type of the key of that kind, from a description: `k S`.
std::string key_of(const json::object& table, std::string_view kind) {
  std::string name;
  if (const auto* keys = table.if_contains("KeySchema"); keys != nullptr && keys->is_array()) {
    for (const auto& key : keys->get_array()) {
      if (key.is_object() && string_of(key.get_object(), "KeyType") == kind) {
        name = string_of(key.get_object(), "AttributeName");
      }
    }
  }
  if (const auto* all = table.if_contains("AttributeDefinitions"); all != nullptr && all->is_array()) {
    for (const auto& one : all->get_array()) {
      if (one.is_object() && string_of(one.get_object(), "AttributeName") == name) {
        return name + " " + std::string{string_of(one.get_object(), "AttributeType")};
      }
    }
  }
  return name;
}

/// True for the answer of an endpoint that does not have the operation at all.
bool not_offered(const CallError& error) { return error.kind == CallError::Kind::invalid; }

Task<Answer> ask(Caller& caller, Operation operation, json::object body) {
  co_return co_await caller.call(operation, std::move(body), Repeat::safe, answer_within);
}

}  // namespace

Tables::Tables(Caller& caller, std::string events_table, std::string keys_table)
    : caller_(caller), shapes_{{std::move(events_table), "i", "B"}, {std::move(keys_table), "s", "S"}} {}

Task<Result<std::vector<TableReport>>> Tables::create() {
  std::vector<TableReport> reports;
  for (const Shape& shape : shapes_) {
    auto report = co_await create_one(shape);
    if (!report) co_return std::move(report).error();
    reports.push_back(std::move(*report));
  }
  co_return reports;
}

Task<Result<std::vector<TableReport>>> Tables::check() {
  std::vector<TableReport> reports;
  for (const Shape& shape : shapes_) {
    auto report = co_await check_one(shape);
    if (!report) co_return std::move(report).error();
    reports.push_back(std::move(*report));
  }
  co_return reports;
}

Task<Result<std::vector<TableReport>>> Tables::remove() {
  std::vector<TableReport> reports;
  for (const Shape& shape : shapes_) {
    auto report = co_await remove_one(shape);
    if (!report) co_return std::move(report).error();
    reports.push_back(std::move(*report));
  }
  co_return reports;
}

Task<Result<TableReport>> Tables::check_one(Shape shape) {
  TableReport report;
  report.table = shape.name;
  auto answer = co_await ask(caller_, Operation::describe_table, named(shape.name));
  if (!answer) {
    if (answer.error().kind != CallError::Kind::no_table) co_return to_error(answer.error());
    report.text = "missing: triggers tables create makes it";
    co_return report;
  }
  const json::object& table = object_of(*answer, "Table");
  const std::string sort = shape.sort_name + " " + shape.sort_type;
  if (key_of(table, "HASH") != "k S" || key_of(table, "RANGE") != sort) {
    report.text = "is another program's: its keys are not k S and " + sort;
    co_return report;
  }
  if (const auto status = string_of(table, "TableStatus"); status != "ACTIVE" && status != "UPDATING") {
    report.text = "not ready: " + std::string{status};
    co_return report;
  }
  auto expiry = co_await ask(caller_, Operation::describe_time_to_live, named(shape.name));
  if (!expiry && !not_offered(expiry.error())) co_return to_error(expiry.error());
  const json::object none;
  const json::object& setting = expiry ? object_of(*expiry, "TimeToLiveDescription") : none;
  const auto state = string_of(setting, "TimeToLiveStatus");
  report.good =
      !expiry || ((state == "ENABLED" || state == "ENABLING") && string_of(setting, "AttributeName") == expiry_name);
  report.text = report.good ? "good" : "what has expired is not removed: triggers tables create switches that on";
  co_return report;
}

Task<Result<TableReport>> Tables::create_one(Shape shape) {
  TableReport report;
  report.table = shape.name;
  json::object body = named(shape.name);
  body["BillingMode"] = "PAY_PER_REQUEST";
  json::array keys;
  keys.push_back(pair("AttributeName", "k", "KeyType", "HASH"));
  keys.push_back(pair("AttributeName", shape.sort_name, "KeyType", "RANGE"));
  body["KeySchema"] = std::move(keys);
  json::array types;
  types.push_back(pair("AttributeName", "k", "AttributeType", "S"));
  types.push_back(pair("AttributeName", shape.sort_name, "AttributeType", shape.sort_type));
  body["AttributeDefinitions"] = std::move(types);
  json::object encryption;
  encryption["Enabled"] = true;
  body["SSESpecification"] = std::move(encryption);

  auto described = co_await ask(caller_, Operation::describe_table, named(shape.name));
  if (!described && described.error().kind != CallError::Kind::no_table) co_return to_error(described.error());
  if (described) {
    report.text = "was there";
  } else {
    auto made = co_await ask(caller_, Operation::create_table, std::move(body));
    // Another command may be making it at the same time.
    if (!made && made.error().kind != CallError::Kind::no_table) co_return to_error(made.error());
    report.text = "made";
  }
  if (auto active = co_await wait_until_active(shape.name); !active) co_return std::move(active).error();
  auto expiry = co_await switch_on_expiry(shape.name);
  if (!expiry) co_return std::move(expiry).error();
  auto recovery = co_await switch_on_recovery(shape.name);
  if (!recovery) co_return std::move(recovery).error();

  auto checked = co_await check_one(shape);
  if (!checked) co_return std::move(checked).error();
  report.good = checked->good;
  report.text += report.good ? *expiry + *recovery : ", but " + checked->text;
  co_return report;
}

Task<Status> Tables::wait_until_active(std::string name) {
  for (int look = 0; look < looks_max; ++look) {
    auto answer = co_await ask(caller_, Operation::describe_table, named(name));
    if (!answer && answer.error().kind != CallError::Kind::no_table) co_return to_error(answer.error());
    if (answer && string_of(object_of(*answer, "Table"), "TableStatus") == "ACTIVE") co_return Done{};
    std::this_thread::sleep_for(look_every);
  }
  co_return Error{ErrorCode::unavailable, "the table " + name + " is still not ready after two minutes"};
}

Task<Result<std::string>> Tables::switch_on_expiry(std::string name) {
  auto now = co_await ask(caller_, Operation::describe_time_to_live, named(name));
  if (now && string_of(object_of(*now, "TimeToLiveDescription"), "TimeToLiveStatus").starts_with("ENABL")) {
    co_return std::string{};
  }
  json::object specification;
  specification["AttributeName"] = expiry_name;
  specification["Enabled"] = true;
  json::object body = named(name);
  body["TimeToLiveSpecification"] = std::move(specification);
  auto set = co_await ask(caller_, Operation::update_time_to_live, std::move(body));
  if (set) co_return std::string{", expired items are removed"};
  if (not_offered(set.error())) co_return std::string{", this endpoint removes no expired items"};
  co_return to_error(set.error());
}

Task<Result<std::string>> Tables::switch_on_recovery(std::string name) {
  auto now = co_await ask(caller_, Operation::describe_continuous_backups, named(name));
  if (now) {
    const auto& recovery = object_of(object_of(*now, "ContinuousBackupsDescription"), "PointInTimeRecoveryDescription");
    if (string_of(recovery, "PointInTimeRecoveryStatus") == "ENABLED") co_return std::string{};
  }
  json::object specification;
  specification["PointInTimeRecoveryEnabled"] = true;
  json::object body = named(name);
  body["PointInTimeRecoverySpecification"] = std::move(specification);
  auto set = co_await ask(caller_, Operation::update_continuous_backups, std::move(body));
  if (set) co_return std::string{", point-in-time recovery is on"};
  if (not_offered(set.error())) co_return std::string{", this endpoint has no point-in-time recovery"};
  co_return to_error(set.error());
}

Task<Result<TableReport>> Tables::remove_one(Shape shape) {
  TableReport report;
  report.table = shape.name;
  auto removed = co_await ask(caller_, Operation::delete_table, named(shape.name));
  if (!removed && removed.error().kind != CallError::Kind::no_table) co_return to_error(removed.error());
  report.good = true;
  report.text = removed ? "removed" : "was not there";
  co_return report;
}

}  // namespace triggers::store::dynamo
