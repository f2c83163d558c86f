#pragma once

// A client's text as an error message may quote it. The rules for the terminal and the log are in config/printable.h
// and log/log_line.h.

#include <cstddef>
#include <string>
#include <string_view>

namespace triggers::event {

/// `text` as a message to a client may quote it. U+FFFD replaces control characters and bytes that are not UTF-8. A
/// text of more than `chars_max` code points is cut and ends in an ellipsis.
[[nodiscard]] std::string quotable(std::string_view text, std::size_t chars_max);

}  // namespace triggers::event
