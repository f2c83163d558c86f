#pragma once

// Parses one event of a request and checks that the key may send its type. The parser without keys and refusals is in
// event/event.h.

#include <string_view>

#include "api/exchange/refusal.h"
#include "api/keys/active_key.h"
#include "event/event.h"

namespace triggers::api {

/// One event from `text`, within the limits and of a type that the key may send. Refusals: 400, 413, 403.
[[nodiscard]] OrRefusal<event::NewEvent> parse_event(const event::Limits& limits, const ActiveKey& key,
                                                     std::string_view text);

/// 422: the idempotency key was used for another event before, `first`.
[[nodiscard]] Refusal idempotency_mismatch(const event::EventId& first);

}  // namespace triggers::api
