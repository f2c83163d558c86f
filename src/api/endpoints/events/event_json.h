#pragma once

// A stored event as JSON, for responses. Parsing a client's event for the store is in parse_event.h.

#include <string>

#include "store/event_log.h"

namespace triggers::api {

/// `"event_id":"…","timestamp":"…"`, without braces.
void append_id_and_timestamp(std::string& out, const event::EventId& id);

/// The members of an event, without braces: its id as `id` and as `event_id`, payload and metadata byte for byte as
/// they were sent.
void append_event_members(std::string& out, const store::StoredEvent& event);

/// A whole event. With `with_acknowledgement`, also `delivered` and `delivered_at`.
void append_event(std::string& out, const store::StoredEvent& event, bool with_acknowledgement);

}  // namespace triggers::api
