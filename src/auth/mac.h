#pragma once

// Message authentication codes, and comparing secrets. Hashes of keys are in key.h.

#include <string>
#include <string_view>

namespace triggers::auth {

/// HMAC-SHA-256 (RFC 2104) of `message`: 32 bytes. Any thread.
[[nodiscard]] std::string hmac_sha256(std::string_view secret, std::string_view message);

/// True if both are the same bytes; its duration reveals only whether their lengths differ.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b) noexcept;

}  // namespace triggers::auth
