#pragma once

// A request's body as a JSON object, for every endpoint but those of events. Refuses members that come twice, and those
// that an endpoint does not name in only_members(). Events are parsed by event/event.h.

#include <boost/json.hpp>
#include <initializer_list>
#include <string_view>

#include "api/exchange/refusal.h"
#include "http/wire/message.h"

namespace triggers::api {

/// The body as a JSON object, for the requests that are not events. Refused: anything else, nesting over 32, a name
/// that comes twice in one object.
[[nodiscard]] OrRefusal<boost::json::object> json_object(const http::Request& request);

/// Refuses a member that is not in `known`, so that a misspelt one is not silently ignored.
[[nodiscard]] OrRefusal<Done> only_members(const boost::json::object& object,
                                           std::initializer_list<std::string_view> known);

}  // namespace triggers::api
