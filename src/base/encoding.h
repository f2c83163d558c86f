#pragma once

// Bytes as hexadecimal, base64 and base64url. Percent-encoding is in percent_encoding.h, JSON strings are in
// json_text.h.

#include <optional>
#include <string>
#include <string_view>

namespace triggers {

/// What a hexadecimal digit of either case stands for; -1 if it is none.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Nothing unless `text` is an even number of hexadecimal digits of either case.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

/// base64url without padding (RFC 4648, section 5).
[[nodiscard]] std::string to_base64url(std::string_view bytes);
/// Nothing unless `text` is exactly what to_base64url makes: no padding, no white space, no stray trailing bits.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

/// base64 with padding (RFC 4648, section 4).
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing unless `text` is exactly what to_base64 makes.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace triggers
