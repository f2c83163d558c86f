#pragma once

// One function: it appends one text as a quoted JSON string, with escapes, whatever its bytes. Valid event text goes
// through event/event.h; whole documents are built with Boost.JSON.

#include <string>
#include <string_view>

namespace triggers {

/// Appends `text` as a JSON string with its quotes (RFC 8259, section 7). A byte that belongs to no UTF-8 character
/// becomes U+FFFD.
void append_json_text(std::string& out, std::string_view text);

}  // namespace triggers
