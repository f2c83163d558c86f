#include "store/inbox_record.h"

#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "base/stored_json.h"
#include "base/timestamp.h"

namespace triggers::store {
namespace {

namespace json = boost::json;

constexpr std::uint64_t version = 1;
// A filter of 8 KiB may need six times as much as a JSON string.
constexpr StoredJsonBounds bounds{.bytes_max = 128 * 1024, .size = "128 KiB", .depth_max = 2};

json::value days_or_null(const std::optional<std::chrono::days>& days) {
  return days ? json::value(days->count()) : json::value(nullptr);
}

Error broken(std::string_view what) {
  return {ErrorCode::internal, "the stored settings of an inbox cannot be read: " + std::string(what)};
}

/// The number; a fault if it is greater than what `Number` can hold.
template <class Number>
Number narrow(StoredJsonReader& reader, std::string_view name, std::uint64_t number) {
  if (number > static_cast<std::uint64_t>(std::numeric_limits<Number>::max())) {
    return reader.fail<Number>(name, "is out of bounds");
  }
  return static_cast<Number>(number);
}

std::chrono::days days(StoredJsonReader& reader, std::string_view name, std::uint64_t number) {
  return std::chrono::days(narrow<std::int32_t>(reader, name, number));
}

inbox::Settings read_settings(StoredJsonReader& reader) {
  inbox::Settings settings;
  settings.description = reader.text("description");
  settings.filter = reader.text("filter");
  settings.collect = reader.truth("collect");
  settings.lease_duration =
      std::chrono::seconds(narrow<std::int32_t>(reader, "lease_seconds", reader.number("lease_seconds")));
  settings.max_attempts.reset();
  if (const auto attempts = reader.number_or_null("max_attempts")) {
    settings.max_attempts = narrow<std::uint32_t>(reader, "max_attempts", *attempts);
  }
  if (const auto found = reader.number_or_null("retention_days")) {
    settings.retention = days(reader, "retention_days", *found);
  }
  settings.dead_retention = days(reader, "dead_retention_days", reader.number("dead_retention_days"));
  return settings;
}

Result<InboxRecord> decode_object(const json::object& object) {
  StoredJsonReader reader(object, "");
  const auto found = reader.number("v");
  if (found != version) {
    return broken("its version is " + std::to_string(found) + " and this program reads version " +
                  std::to_string(version) + "; use the program that wrote it, or a later one");
  }
  InboxRecord record;
  auto name = InboxName::parse(reader.text("name"));
  record.number = reader.number("number");
  record.revision = reader.number("revision");
  record.settings = read_settings(reader);
  record.created_at = reader.time("created_at");
  record.updated_at = reader.time("updated_at");
  if (const auto problem = reader.problem(); !problem.empty()) return broken(problem);
  if (!name) return broken(name.error().message);
  record.name = *std::move(name);
  if (const auto fault = inbox::find_fault(record.settings)) return broken(fault->message);
  return record;
}

}  // namespace

std::string encode_inbox(const InboxRecord& record) {
  const inbox::Settings& settings = record.settings;
  const json::object object{
      {"v", version},
      {"name", record.name.text()},
      {"number", record.number},
      {"revision", record.revision},
      {"description", settings.description},
      {"filter", settings.filter},
      {"collect", settings.collect},
      {"lease_seconds", settings.lease_duration.count()},
      {"max_attempts", settings.max_attempts ? json::value(*settings.max_attempts) : json::value(nullptr)},
      {"retention_days", days_or_null(settings.retention)},
      {"dead_retention_days", settings.dead_retention.count()},
      {"created_at", format_timestamp(record.created_at)},
      {"updated_at", format_timestamp(record.updated_at)},
  };
  return json::serialize(object);
}

Result<InboxRecord> decode_inbox(std::string_view bytes) {
  return decode_stored_json(bytes, bounds, decode_object, broken);
}

}  // namespace triggers::store
