#pragma once

// Reads the token from an Authorization field. Whether the token is a key is decided by api/keys/key_ring.h.

#include <optional>
#include <string_view>

namespace triggers::auth {

/// The token of an `Authorization` field's value, if it is `Bearer` (any case), one or more spaces and one token68, and
/// nothing else (RFC 6750, section 2.1; RFC 9110, section 11.4). A view into `field_value`. Says nothing about whether
/// the token is a key.
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view field_value) noexcept;

}  // namespace triggers::auth
