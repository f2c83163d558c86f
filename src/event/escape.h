#pragma once

#include <string>
#include <string_view>

#include "event/cursor.h"

namespace triggers::event {

/// Appends what the token means. False if it holds half of a surrogate pair (RFC 8259, section 8.2): what was appended
/// for it is no UTF-8 then, but still other bytes than for any other string.
bool unescape(const StringToken& token, std::string& out);

/// `text`, as unescape() makes it, for a message: control characters and lone surrogates are replaced by U+FFFD, and
/// what is over `chars_max` code points by an ellipsis.
[[nodiscard]] std::string quotable(std::string_view text, std::size_t chars_max);

}  // namespace triggers::event
