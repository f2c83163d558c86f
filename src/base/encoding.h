#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace triggers {

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
