#pragma once

// Reads the service's responses to a lease and to what its holder does with it. Responses that verify() compares are
// read by service_json.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid7.h"

namespace triggers::swarm {

struct LeasedEvent {
  Uuid7 id;
  std::uint32_t attempt = 0;
};

/// The response to POST /inboxes/{name}/lease. Without a lease, `lease_id` is empty and there are no events.
struct LeaseAnswer {
  std::string lease_id;  ///< 1 to 64 of A-Z a-z 0-9 - _, so that it can stand in JSON and in the journal.
  std::vector<LeasedEvent> events;
};
/// Nothing if `json` is not a lease of the API.
[[nodiscard]] std::optional<LeaseAnswer> read_lease(std::string_view json);

/// What an ack or a release did to one event; the letters are those of the journal.
enum class EntryResult : char {
  acknowledged = 'a',
  already_acknowledged = 'y',
  released = 'r',
  lease_lost = 'l',
  not_found = 'n',
};
/// Nothing for a letter that is none of them.
[[nodiscard]] std::optional<EntryResult> entry_result(char letter);

struct EventResult {
  Uuid7 id;
  EntryResult result = EntryResult::not_found;
};
/// The response to POST /inboxes/{name}/ack or /release. Nothing if `json` is not such a response.
[[nodiscard]] std::optional<std::vector<EventResult>> read_results(std::string_view json);

}  // namespace triggers::swarm
