#pragma once

// Reads the responses of the service for the comparison; those to a lease are in lease_answers.h. The JSON code of the
// service is in api/endpoints/events/event_json.h.

#include <cstdint>
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
  std::optional<bool> acknowledged;       ///< The member `delivered` of GET /events/{id}; a page does not have it.
  std::optional<std::uint64_t> attempts;  ///< Only in GET /inboxes/{name}/events.
};
/// The response of GET /events/{id}. Nothing if `json` is not an event of the API.
[[nodiscard]] std::optional<StoredEvent> read_stored_event(std::string_view json);

struct InboxPage {
  std::vector<StoredEvent> events;
  std::string next_cursor;  ///< Empty on the last page.
};
/// The response of GET /inbox or GET /inboxes/{name}/events. Nothing if `json` is not a page of the API.
[[nodiscard]] std::optional<InboxPage> read_inbox_page(std::string_view json);

}  // namespace triggers::swarm
