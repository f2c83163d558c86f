#pragma once

// What a limiter answers: allowed or not, what remains, when to retry. Limiters are in token_bucket.h, shared_bucket.h
// and failure_limiter.h.

#include <chrono>
#include <cstdint>
#include <optional>

namespace triggers::limit {

/// A point on the steady clock, by which limits are measured.
using Time = std::chrono::steady_clock::time_point;

/// The decision of a limiter: an expected result, never an error.
struct Decision {
  bool allowed = true;
  std::optional<std::uint32_t> limit;       ///< A minute; nothing: unlimited, and then the rest is zero.
  std::uint32_t remaining = 0;              ///< Tokens that are left after this one.
  std::chrono::nanoseconds reset{0};        ///< Until the bucket is full again.
  std::chrono::nanoseconds retry_after{0};  ///< Exact: at `now + retry_after` there is a token. 0 if allowed.
};

}  // namespace triggers::limit
