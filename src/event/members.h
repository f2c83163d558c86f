#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace triggers::event {

/// A member of a JSON object as it was sent: views into its text.
struct Member {
  std::string_view name;   ///< Between its quotes, escapes and all.
  std::string_view value;  ///< The value's text, byte for byte.
};

/// The members of a text that is one JSON object (RFC 8259, UTF-8), in order. Nothing if it is not.
[[nodiscard]] std::optional<std::vector<Member>> split_object(std::string_view text);

}  // namespace triggers::event
