#pragma once

// The arithmetic of a token bucket, without state. The bucket is in token_bucket.h.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "limit/decision.h"

namespace triggers::limit {

/// The arithmetic of a bucket (GCRA, ITU-T I.371), on nanoseconds of a steady clock. Pure.
struct Gcra {
  std::int64_t price_ns;     ///< Of one.
  std::int64_t capacity_ns;  ///< Of a full bucket.

  explicit Gcra(std::uint32_t per_minute) noexcept
      : price_ns(60'000'000'000 / std::int64_t{per_minute}), capacity_ns(price_ns * std::int64_t{per_minute}) {}

  static std::int64_t count(Time time) noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  }

  /// Whether a bucket that is full at `full_at_ns` has a token at `now_ns`.
  [[nodiscard]] bool has_one(std::int64_t full_at_ns, std::int64_t now_ns) const noexcept {
    return std::max(full_at_ns, now_ns) + price_ns - now_ns <= capacity_ns;
  }
  [[nodiscard]] std::int64_t after_take(std::int64_t full_at_ns, std::int64_t now_ns,
                                        std::uint32_t count = 1) const noexcept {
    return std::max(full_at_ns, now_ns) + price_ns * std::int64_t{count};
  }

  /// The decision about another token, and the state of the bucket after it.
  [[nodiscard]] Decision describe(bool allowed, std::int64_t full_at_ns, std::int64_t now_ns) const noexcept {
    const std::int64_t missing_ns = std::max(full_at_ns, now_ns) - now_ns;
    Decision decision;
    decision.allowed = allowed;
    decision.limit = static_cast<std::uint32_t>(capacity_ns / price_ns);
    decision.remaining = static_cast<std::uint32_t>(std::max<std::int64_t>(capacity_ns - missing_ns, 0) / price_ns);
    decision.reset = std::chrono::nanoseconds{missing_ns};
    if (!allowed) decision.retry_after = std::chrono::nanoseconds{missing_ns + price_ns - capacity_ns};
    return decision;
  }
};

}  // namespace triggers::limit
