#pragma once

// Resolves the escapes of a JSON string. Writing a JSON string is append_json_string() in event.h.

#include <string>
#include <string_view>

#include "event/json_cursor.h"

namespace triggers::event {

/// Appends the token's text, unescaped. False if it has half of a surrogate pair (RFC 8259, section 8.2): the bytes
/// appended for it are not UTF-8, but differ from those of any other string.
bool unescape(const StringToken& token, std::string& out);

}  // namespace triggers::event
