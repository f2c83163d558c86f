#pragma once

// Checks, counts and appends UTF-8. Replacing bytes that are not UTF-8 is in json_text.h, event/quotable.h and
// config/printable.h.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace triggers {

/// The offset of the first byte of the first ill-formed sequence (RFC 3629: overlong, surrogate, above U+10FFFF, cut
/// off); nothing if `text` is UTF-8.
[[nodiscard]] std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept;

/// The length of the well-formed sequence that `text` begins with; 0 if it begins with none.
[[nodiscard]] std::size_t utf8_sequence_bytes(std::string_view text) noexcept;

/// Of valid UTF-8.
[[nodiscard]] std::size_t count_code_points(std::string_view text) noexcept;

/// Appends a code point below 0x110000. A surrogate gets the three bytes that UTF-8 would give it, which are not UTF-8.
void append_code_point(std::string& out, unsigned code_point);

}  // namespace triggers
