#pragma once

// Text for a message to an operator, without invisible characters. Text for an API client is in event/quotable.h, text
// for the log in log/log_line.h.

#include <cstddef>
#include <string>
#include <string_view>

namespace triggers::config {

/// `text` for a message: one line, of at most the first `bytes_max` bytes. Control characters and bytes that are not
/// UTF-8 become `\x1b`. Invisible characters, such as a byte order mark, a no-break space or a change of direction,
/// become `\u{feff}`.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max = 200);

}  // namespace triggers::config
