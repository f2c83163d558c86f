#include "swarm/judge/stored_event.h"

#include <string>

#include "event/escape.h"
#include "event/members.h"

namespace triggers::swarm {
namespace {

/// The text of a JSON string; nothing of another value.
std::optional<std::string> text_of(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') return std::nullopt;
  const std::string_view raw = value.substr(1, value.size() - 2);
  std::string text;
  if (!event::unescape({.raw = raw, .escaped = raw.find('\\') != std::string_view::npos}, text)) return std::nullopt;
  return text;
}

}  // namespace

std::optional<StoredDigest> read_stored_event(std::string_view json) {
  const auto members = event::split_object(json);
  if (!members) return std::nullopt;
  StoredDigest stored;
  std::optional<std::string> id, type, source;
  SentEvent sent;
  for (const auto& [name, value] : *members) {
    const bool given = value != "null";
    if (name == "event_id") id = text_of(value);
    if (name == "event_type") type = text_of(value);
    if (name == "payload") sent.payload = value;
    if (name == "source" && given) source = text_of(value);
    if (name == "metadata" && given) sent.metadata = value;
    if (name == "delivered") stored.delivered = value == "true";
  }
  const auto parsed = id ? Uuid7::parse(*id) : std::nullopt;
  if (!parsed || !type || sent.payload.empty()) return std::nullopt;
  sent.event_type = *type;
  if (source) sent.source = *source;
  stored.id = *parsed;
  stored.digest = digest_of(sent);
  return stored;
}

}  // namespace triggers::swarm
