#pragma once

// The response of the endpoints that change entries: one result for each. The ids in a request are in
// endpoints/event_ids.h.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoints/event_ids.h"
#include "api/endpoints/request_limits.h"
#include "http/wire/message.h"
#include "store/inbox_entries.h"

namespace triggers::api {

/// What a request asks to change: these events, or without them all that its lease holds.
using Asked = std::optional<AskedIds>;

/// The ids for the store. They leave `asked`.
[[nodiscard]] std::optional<std::vector<event::EventId>> take_ids(Asked& asked);

/// The size of the response, about. Its room is reserved before the change, so it is never refused afterwards.
/// `results_max`: how many results there may be if the request names no events.
[[nodiscard]] std::size_t results_bytes(const Asked& asked, std::size_t results_max = acknowledged_events_max);

/// `{"results":[…]MORE}`: one for each text that was asked for, in order, where one that is no id is `not_found`; or
/// one for each that the store gave. `more`: further members with their commas.
[[nodiscard]] http::Response results_response(const Asked& asked, const std::vector<store::EntryResult>& results,
                                              std::string_view more = {});
/// The same, with the new end of the lease.
[[nodiscard]] http::Response results_response(const Asked& asked, const store::Extended& extended);

[[nodiscard]] inline std::size_t result_count(const std::vector<store::EntryResult>& results) { return results.size(); }
[[nodiscard]] inline std::size_t result_count(const store::Extended& extended) { return extended.results.size(); }

}  // namespace triggers::api
