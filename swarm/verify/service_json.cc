#include "swarm/verify/service_json.h"

#include "swarm/verify/json_members.h"

namespace triggers::swarm {
namespace {

namespace ondemand = simdjson::ondemand;
using json::each_member;
using json::read_object;
using json::read_text;

/// The text of an object, byte for byte.
bool read_raw_object(ondemand::value value, std::string_view& text) {
  ondemand::object object;
  return value.get_object().get(object) == simdjson::SUCCESS && object.raw_json().get(text) == simdjson::SUCCESS;
}

std::optional<StoredEvent> read_event(ondemand::object object) {
  std::string_view id;
  SentEvent sent;
  StoredEvent stored;
  const bool readable = each_member(object, [&](std::string_view name, ondemand::value value) {
    if (name == "event_id") return read_text(value, id);
    if (name == "event_type") return read_text(value, sent.event_type);
    if (name == "payload") return read_raw_object(value, sent.payload);
    if (name == "source") return value.is_null() || read_text(value, sent.source);
    if (name == "metadata") return value.is_null() || read_raw_object(value, sent.metadata);
    if (name == "attempts") return value.get_uint64().get(stored.attempts.emplace()) == simdjson::SUCCESS;
    if (name == "delivered") return value.get_bool().get(stored.acknowledged.emplace()) == simdjson::SUCCESS;
    return true;
  });
  const auto parsed = Uuid7::parse(id);
  if (!readable || !parsed || sent.event_type.empty() || sent.payload.empty()) return std::nullopt;
  stored.id = *parsed;
  stored.digest = digest_of(sent);
  return stored;
}

bool read_events(ondemand::value value, std::vector<StoredEvent>& events) {
  return json::each_object(value, [&events](ondemand::object object) {
    const auto event = read_event(object);
    if (event) events.push_back(*event);
    return event.has_value();
  });
}

bool read_pagination(ondemand::value value, std::string& next_cursor) {
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  bool has_more = false;
  std::string_view cursor;
  const bool readable = each_member(object, [&](std::string_view name, ondemand::value member) {
    if (name == "has_more") return member.get_bool().get(has_more) == simdjson::SUCCESS;
    if (name == "next_cursor") return member.is_null() || read_text(member, cursor);
    return true;
  });
  if (has_more) next_cursor = cursor;
  return readable && (!has_more || !cursor.empty());
}

}  // namespace

std::optional<StoredEvent> read_stored_event(std::string_view text) {
  std::optional<StoredEvent> event;
  const bool whole = read_object(text, [&](ondemand::object object) {
    event = read_event(object);
    return event.has_value();
  });
  return whole ? event : std::nullopt;
}

std::optional<InboxPage> read_inbox_page(std::string_view text) {
  InboxPage page;
  bool has_events = false, has_pagination = false;
  const bool whole = read_object(text, [&](ondemand::object object) {
    return each_member(object, [&](std::string_view name, ondemand::value value) {
      if (name == "events") return has_events = read_events(value, page.events);
      if (name == "pagination") return has_pagination = read_pagination(value, page.next_cursor);
      return true;
    });
  });
  return whole && has_events && has_pagination ? std::optional{std::move(page)} : std::nullopt;
}

}  // namespace triggers::swarm
