#pragma once

// A request's body as the texts of its members, for bodies that contain an event or a filter: these must keep their
// text, because numbers are compared exactly. Other bodies are read by json_body.h.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "api/exchange/refusal.h"
#include "http/wire/message.h"

namespace triggers::api {

struct RawMember {
  std::string name;        ///< Unescaped.
  std::string_view value;  ///< The JSON text of the value: a view into the request's body.
};

/// The members of the body's object, in their order. Refused: a body that is no JSON object, that is nested over
/// `levels_max`, or that has a member twice or one that is not in `known`. Within a value, members may repeat.
[[nodiscard]] OrRefusal<std::vector<RawMember>> raw_members(const http::Request& request, int levels_max,
                                                            std::initializer_list<std::string_view> known);

/// Null if there is no such member.
[[nodiscard]] const std::string_view* find(const std::vector<RawMember>& members, std::string_view name) noexcept;

}  // namespace triggers::api
