#pragma once

#include <optional>
#include <string_view>

#include "event/cursor.h"
#include "event/event.h"

namespace triggers::event {

/// What is wrong with a text before any token of it is read: nothing in it, a byte order mark (RFC 8259, section 8.1),
/// or bytes that are not UTF-8. `what` names the text's purpose for the message of an empty one.
[[nodiscard]] std::optional<ParseError> refuse_text(std::string_view text, std::string_view what);

[[nodiscard]] ParseError refuse_body(std::string message);
/// `levels_max`: how deep arrays and objects may be nested.
[[nodiscard]] ParseError not_json(const Fault& fault, int levels_max);

}  // namespace triggers::event
