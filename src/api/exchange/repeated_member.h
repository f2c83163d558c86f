#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace triggers::api {

/// The name that comes twice in one of `text`'s objects, the outermost or one inside; nothing if none does, or if
/// `text` is not JSON. Boost.JSON keeps the last of such members without a word, so a reader before us may have seen
/// another value than we do (RFC 8259, section 4).
[[nodiscard]] std::optional<std::string> repeated_member(std::string_view text, std::size_t depth_max);

}  // namespace triggers::api
