#include "api/endpoints/inboxes/inbox_json.h"

#include <fmt/format.h>

#include "api/endpoints/inboxes/if_match.h"
#include "base/timestamp.h"
#include "event/event.h"

namespace triggers::api {
namespace {

std::string days_or_null(const std::optional<std::chrono::days>& days) {
  return days ? std::to_string(days->count()) : "null";
}

std::optional<UnixMillis> time_if_any(UnixMillis time) {
  return time == UnixMillis{} ? std::nullopt : std::optional(time);
}

void append_members(std::string& out, const store::InboxRecord& inbox) {
  const inbox::Settings& settings = inbox.settings;
  out += fmt::format("\"name\":\"{}\",\"description\":", inbox.name.text());
  event::append_json_string(out, settings.description);
  out += ",\"filter\":";
  out += settings.filter.empty() ? "{}" : settings.filter;
  out += fmt::format(
      ",\"collect\":{},\"lease_seconds\":{},\"max_attempts\":{},\"retention_days\":{},\"dead_retention_days\":{}",
      settings.collect, settings.lease_duration.count(),
      settings.max_attempts ? std::to_string(*settings.max_attempts) : "null", days_or_null(settings.retention),
      settings.dead_retention.count());
  append_time(out, "created_at", time_if_any(inbox.created_at));
  append_time(out, "updated_at", time_if_any(inbox.updated_at));
}

}  // namespace

void append_settings(std::string& out, const store::InboxRecord& inbox) {
  out += '{';
  append_members(out, inbox);
  out += '}';
}

void append_inbox(std::string& out, const store::InboxView& view) {
  out += '{';
  append_members(out, view.inbox);
  out += ",\"counts\":";
  append_counts(out, view.counts);
  append_time(out, "oldest_available_at", view.oldest_available_at);
  append_time(out, "last_consumed_at", view.last_consumed_at);
  out += '}';
}

std::size_t inbox_bytes(const store::InboxRecord& inbox) {
  constexpr std::size_t of_the_rest = 640;
  // A control character of the description takes six bytes.
  return of_the_rest + 6 * inbox.settings.description.size() + inbox.settings.filter.size();
}

http::Response settings_response(unsigned status, const store::InboxRecord& inbox) {
  http::Response response;
  response.status = status;
  response.add("ETag", etag_of(inbox.tag()));
  append_settings(response.body, inbox);
  response.body += '\n';
  return response;
}

void append_time(std::string& out, std::string_view name, const std::optional<UnixMillis>& time) {
  out += ",\"";
  out += name;
  out += "\":";
  if (!time) {
    out += "null";
    return;
  }
  out += '"';
  append_timestamp(out, *time);
  out += '"';
}

void append_counts(std::string& out, const inbox::Counts& counts) {
  out += fmt::format(R"({{"available":{},"leased":{},"delayed":{},"dead":{}}})", counts.available, counts.leased,
                     counts.delayed, counts.dead);
}

}  // namespace triggers::api
