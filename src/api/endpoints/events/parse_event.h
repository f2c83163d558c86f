#pragma once

// From the text of a request to an event for the store: parses one event, checks that the API key may send its type,
// and makes the refusal for an idempotency key that the store knows from another event. The parser without API keys and
// refusals is in event/event.h; events in responses are in event_json.h.

#include <string_view>

#include "api/exchange/refusal.h"
#include "api/keys/active_key.h"
#include "event/event.h"
#include "store/event_log.h"

namespace triggers::api {

/// One event from `text`, within the limits and of a type that the key may send. Refusals: 400, 413, 403.
[[nodiscard]] OrRefusal<event::NewEvent> parse_event(const event::Limits& limits, const ActiveKey& key,
                                                     std::string_view text);

/// An accepted event as the store takes it. Views into `event`.
[[nodiscard]] store::IncomingEvent to_append(const event::NewEvent& event);

/// 422: the idempotency key was used for another event before, `first`.
[[nodiscard]] Refusal idempotency_mismatch(const event::EventId& first);

}  // namespace triggers::api
