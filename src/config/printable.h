#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace triggers::config {

/// `text` for a message: one line, at most `bytes_max` bytes of it. Control characters and bytes that are not UTF-8
/// read
/// `\x1b`; characters that nobody sees, such as a byte order mark, a no-break space or a change of direction, read
/// `\u{feff}`.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max = 200);

}  // namespace triggers::config
