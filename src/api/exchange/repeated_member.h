#pragma once

// Finds a member that occurs twice in a JSON object. json_body.h uses it; events check this in their own parser
// (event/event.h).

#include <optional>
#include <string>
#include <string_view>

namespace triggers::api {

/// A name that occurs twice in one object of `text`, at any depth; nothing if there is none, or if `text` is not JSON.
/// Boost.JSON silently keeps the last such member, so a proxy in front of us may have read another value (RFC 8259,
/// section 4).
[[nodiscard]] std::optional<std::string> repeated_member(std::string_view text, std::size_t depth_max);

}  // namespace triggers::api
