#include "store/rocks/format/job_record.h"

#include <boost/json.hpp>

#include "base/encoding.h"
#include "base/stored_json.h"
#include "base/timestamp.h"

namespace triggers::store {
namespace {

namespace json = boost::json;

constexpr std::uint64_t version = 1;
constexpr StoredJsonBounds bounds{.bytes_max = 64 * 1024, .size = "64 KiB", .depth_max = 2};

constexpr std::string_view name_of(Job::Kind kind) noexcept { return kind == Job::Kind::purge ? "purge" : "replay"; }

std::optional<Job::Kind> parse_kind(std::string_view name) noexcept {
  for (const auto kind : {Job::Kind::purge, Job::Kind::replay}) {
    if (name == name_of(kind)) return kind;
  }
  return std::nullopt;
}

constexpr std::string_view name_of(Job::State state) noexcept {
  if (state == Job::State::running) return "running";
  return state == Job::State::done ? "done" : "failed";
}

std::optional<Job::State> parse_state(std::string_view name) noexcept {
  for (const auto state : {Job::State::running, Job::State::done, Job::State::failed}) {
    if (name == name_of(state)) return state;
  }
  return std::nullopt;
}

/// In hexadecimal, because a bound of a range need not be a UUID.
event::EventId read_id(StoredJsonReader& reader, std::string_view name) {
  const auto bytes = from_hex(reader.text(name));
  if (!bytes || bytes->size() != event::EventId{}.bytes.size()) return reader.fail<event::EventId>(name, "is no id");
  return event::EventId::from_bytes(*bytes);
}

Error broken(std::string_view what) {
  return {ErrorCode::internal, "a stored job of an inbox cannot be read: " + std::string(what)};
}

Result<JobRecord> decode_object(const Uuid7& id, const json::object& object) {
  StoredJsonReader reader(object, "");
  const auto found = reader.number("v");
  if (found != version) return broken("its version is " + std::to_string(found));
  JobRecord record;
  record.job.id = id;
  record.job.kind = reader.named<Job::Kind>("kind", parse_kind);
  record.job.state = reader.named<Job::State>("state", parse_state);
  record.job.done = reader.number("count");
  record.job.skipped_too_old = reader.number("skipped_too_old");
  record.job.started_at = reader.time("started_at");
  record.job.ended_at = reader.time_or_null("ended_at");
  record.next = read_id(reader, "next");
  record.end = read_id(reader, "end");
  // No event has an empty type.
  if (auto event_type = reader.text("event_type"); !event_type.empty()) record.event_type = std::move(event_type);
  if (const auto problem = reader.problem(); !problem.empty()) return broken(problem);
  if ((record.job.state == Job::State::running) == record.job.ended_at.has_value()) {
    return broken("state and ended_at disagree");
  }
  return record;
}

}  // namespace

std::string encode_job(const JobRecord& record) {
  const Job& job = record.job;
  const json::object object{
      {"v", version},
      {"kind", name_of(job.kind)},
      {"state", name_of(job.state)},
      {"count", job.done},
      {"skipped_too_old", job.skipped_too_old},
      {"started_at", format_timestamp(job.started_at)},
      {"ended_at", stored_time(job.ended_at)},
      {"next", to_hex(record.next.view())},
      {"end", to_hex(record.end.view())},
      {"event_type", record.event_type.value_or(std::string())},
  };
  return json::serialize(object);
}

Result<JobRecord> decode_job(const Uuid7& id, std::string_view bytes) {
  const auto read = [&](const json::object& object) { return decode_object(id, object); };
  return decode_stored_json(bytes, bounds, read, broken);
}

}  // namespace triggers::store
