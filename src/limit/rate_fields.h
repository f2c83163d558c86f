#pragma once

// The response header fields that tell a client its rate limit. The limit itself is in token_bucket.h.

#include <cstdint>
#include <string>

#include "limit/token_bucket.h"

namespace triggers::limit {

// The fields of draft-ietf-httpapi-ratelimit-headers-10 (structured fields, RFC 9651), and Retry-After of RFC 9110,
// section 10.2.3. Seconds are rounded up: a client that waits that long is never too early.

/// `RateLimit-Policy`: `"default";q=100;w=60`: 100 in 60 seconds.
[[nodiscard]] std::string policy_field(std::uint32_t per_minute);
/// `RateLimit`: `"default";r=50;t=30`: 50 are left, and in 30 seconds all are there again. Only for a limited Decision.
[[nodiscard]] std::string limit_field(const Decision& decision);
/// `Retry-After`: whole seconds, at least 1.
[[nodiscard]] std::string retry_after_field(std::chrono::nanoseconds retry_after);

}  // namespace triggers::limit
