#pragma once

// An event as JSON in a response, and as the store takes it. Parsing a client's event is in parse_event.h.

#include <string>

#include "store/event_log.h"

namespace triggers::api {

/// `"event_id":"…","timestamp":"…"`, without braces.
void append_id_and_timestamp(std::string& out, const event::EventId& id);

/// A whole event, with its id as `id` and as `event_id`; payload and metadata byte for byte as they were sent. With
/// `with_acknowledgement`, also `delivered` and `delivered_at`.
void append_event(std::string& out, const store::StoredEvent& event, bool with_acknowledgement);

/// An accepted event as the store takes it. Views into `event`.
[[nodiscard]] store::IncomingEvent to_append(const event::NewEvent& event);

}  // namespace triggers::api
