#pragma once

// The faults of a whole text: empty, not UTF-8, not JSON. The faults of an event's fields are in parse.cc.

#include <optional>
#include <string_view>

#include "event/event.h"
#include "event/json_cursor.h"

namespace triggers::event {

/// What is wrong with a text before any token is read: it is empty, begins with a byte order mark (RFC 8259, section
/// 8.1), or is not UTF-8. `what`: what an empty text should contain, for the message.
[[nodiscard]] std::optional<ParseError> refuse_text(std::string_view text, std::string_view what);

[[nodiscard]] ParseError refuse_body(std::string message);
/// `levels_max`: how deep arrays and objects may be nested.
[[nodiscard]] ParseError not_json(const Fault& fault, int levels_max);

}  // namespace triggers::event
