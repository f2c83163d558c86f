#pragma once

// A request's body as a JSON object. Refuses members that come twice, and those that an endpoint does not name in
// only_members(). Bodies with an event or a filter are read by raw_members.h, events by event/event.h.

#include <boost/json.hpp>
#include <initializer_list>
#include <string_view>

#include "api/exchange/refusal.h"
#include "http/wire/message.h"

namespace triggers::api {

/// The body as a JSON object, for the requests that are not events. Refused: anything else, nesting over 32, a name
/// that comes twice in one object.
[[nodiscard]] OrRefusal<boost::json::object> json_object(const http::Request& request);

/// The same for a body that may be left out: an empty one counts as `{}`. Refused: another media type, too.
[[nodiscard]] OrRefusal<boost::json::object> json_object_or_nothing(const http::Request& request);

/// Refuses a name that is not in `known`, so that a misspelt member is not silently ignored.
[[nodiscard]] OrRefusal<Done> only_member(std::string_view name, std::initializer_list<std::string_view> known);
/// The same for each member.
[[nodiscard]] OrRefusal<Done> only_members(const boost::json::object& object,
                                           std::initializer_list<std::string_view> known);

}  // namespace triggers::api
