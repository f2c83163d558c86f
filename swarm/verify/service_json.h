#pragma once

// Reads the service's responses for the comparison. The service's own JSON is in api/endpoints/events/event_json.h.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid7.h"
#include "swarm/verify/digest.h"

namespace triggers::swarm {

/// Responses of the service, reduced to what verify() compares. They are parsed with simdjson and not with src/event,
/// because the service's parser must not check itself.

struct StoredEvent {
  Uuid7 id;
  Digest digest;
  std::optional<bool> acknowledged;  ///< The member `delivered` of GET /events/{id}; a page does not have it.
};
/// The response of GET /events/{id}. Nothing if `json` is not an event of the API.
[[nodiscard]] std::optional<StoredEvent> read_stored_event(std::string_view json);

struct InboxPage {
  std::vector<StoredEvent> events;
  std::string next_cursor;  ///< Empty on the last page.
};
/// The response of GET /inbox. Nothing if `json` is not a page of the API.
[[nodiscard]] std::optional<InboxPage> read_inbox_page(std::string_view json);

}  // namespace triggers::swarm
