#include "api/endpoints/events/parse_event.h"

#include <fmt/format.h>

#include "api/exchange/input.h"
#include "auth/authorize.h"

namespace triggers::api {

OrRefusal<event::NewEvent> parse_event(const event::Limits& limits, const ActiveKey& key, std::string_view text) {
  auto parsed = event::parse(text, limits);
  if (const auto* refusal = std::get_if<event::ParseError>(&parsed)) return from_parse_error(*refusal);
  auto& event = std::get<event::NewEvent>(parsed);
  if (!auth::may_send_type(key.record, event.event_type)) {
    return Refusal{Code::forbidden,
                   "This API key may not send events of this type.",
                   Details().text("reason", "event_type").text("event_type", event.event_type).json(),
                   {},
                   {}};
  }
  return std::move(event);
}

store::IncomingEvent to_append(const event::NewEvent& event) {
  store::IncomingEvent append;
  append.event_type = event.event_type;
  append.payload = event.payload;
  if (event.source) append.source = *event.source;
  append.metadata = event.metadata;
  append.fingerprint = event.fingerprint;
  return append;
}

Refusal idempotency_mismatch(const event::EventId& first) {
  return {Code::idempotency_mismatch,
          "This Idempotency-Key came with another event before: use a new key for a new event, or send the first event "
          "again.",
          Details().text("field", "Idempotency-Key").text("first_event_id", first.text()).json(),
          {},
          {}};
}

}  // namespace triggers::api
