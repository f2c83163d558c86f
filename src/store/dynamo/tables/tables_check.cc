// Tables::check_one(): compares one table with what we need; also whether expiry and recovery are on, which create()
// asks too. tables.cc has the rest: check(), which looks at every table, creating and deleting.

#include <boost/json.hpp>

#include "store/dynamo/client/item.h"
#include "store/dynamo/client/table_calls.h"
#include "store/dynamo/tables/tables.h"

namespace triggers::store::dynamo {
namespace {

namespace json = boost::json;

/// Name and type of the key of that kind, from a description: `k S`.
std::string key_of(const json::object& table, std::string_view kind) {
  std::string name;
  if (const auto* keys = table.if_contains("KeySchema"); keys != nullptr && keys->is_array()) {
    for (const auto& key : keys->get_array()) {
      if (key.is_object() && string_member(key.get_object(), "KeyType") == kind) {
        name = string_member(key.get_object(), "AttributeName");
      }
    }
  }
  if (const auto* all = table.if_contains("AttributeDefinitions"); all != nullptr && all->is_array()) {
    for (const auto& one : all->get_array()) {
      if (one.is_object() && string_member(one.get_object(), "AttributeName") == name) {
        return name + " " + std::string{string_member(one.get_object(), "AttributeType")};
      }
    }
  }
  return name;
}

/// A table that never was on demand has no summary of it.
bool is_provisioned(const json::object& table) {
  const auto mode = string_member(object_of(table, "BillingModeSummary"), "BillingMode");
  if (!mode.empty()) return mode == "PROVISIONED";
  const auto* units = object_of(table, "ProvisionedThroughput").if_contains("ReadCapacityUnits");
  return units != nullptr && units->is_int64() && units->get_int64() > 0;
}

}  // namespace

Task<Result<TableReport>> Tables::check_one(Shape shape) {
  TableReport report;
  report.table = shape.name;
  auto answer = co_await ask_for_table(caller_, ApiCall::describe_table, about_table(shape.name));
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
  if (const auto status = string_member(table, "TableStatus"); status != "ACTIVE" && status != "UPDATING") {
    report.text = "not ready: " + std::string{status};
    co_return report;
  }
  auto expiry = co_await expiry_is_on(shape.name);
  if (!expiry) co_return std::move(expiry).error();
  auto recovery = co_await recovery_is_on(shape.name);
  if (!recovery) co_return std::move(recovery).error();

  const auto differs = [&](std::string_view what) {
    if (!report.text.empty()) report.text += "; ";
    report.text += what;
  };
  if (is_provisioned(table)) differs("its capacity is provisioned, not on demand: this program does not change that");
  if (*expiry == false) differs("what has expired is not removed: triggers tables create switches that on");
  if (*recovery == false) differs("point-in-time recovery is off: triggers tables create switches it on");
  report.good = report.text.empty();
  if (report.good) report.text = "good";
  co_return report;
}

Task<Result<std::optional<bool>>> Tables::expiry_is_on(std::string name) {
  auto answer = co_await ask_for_table(caller_, ApiCall::describe_time_to_live, about_table(name));
  if (!answer && answer.error().kind == CallError::Kind::not_offered) co_return std::optional<bool>{};
  if (!answer) co_return to_error(answer.error());
  const json::object& setting = object_of(*answer, "TimeToLiveDescription");
  const auto status = string_member(setting, "TimeToLiveStatus");
  const bool on = status == "ENABLED" || status == "ENABLING";
  co_return std::optional{on && string_member(setting, "AttributeName") == expiry_name};
}

Task<Result<std::optional<bool>>> Tables::recovery_is_on(std::string name) {
  auto answer = co_await ask_for_table(caller_, ApiCall::describe_continuous_backups, about_table(name));
  if (!answer && answer.error().kind == CallError::Kind::not_offered) co_return std::optional<bool>{};
  if (!answer) co_return to_error(answer.error());
  const auto& all = object_of(*answer, "ContinuousBackupsDescription");
  const auto& recovery = object_of(all, "PointInTimeRecoveryDescription");
  co_return std::optional{string_member(recovery, "PointInTimeRecoveryStatus") == "ENABLED"};
}

}  // namespace triggers::store::dynamo
