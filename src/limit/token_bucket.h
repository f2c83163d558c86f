#pragma once

// The bucket of one rate limit. The arithmetic is in gcra.h; the buckets of all keys are in rate_buckets.h.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "limit/decision.h"

namespace triggers::limit {

/// A token bucket that holds N, filled at N a minute; N is 1 to 10,000,000, or unlimited. Starts full.
///
/// It is the generic cell rate algorithm (GCRA, ITU-T I.371) on one atomic: the time at which the bucket will be full.
/// The price of one is 60 s / N, cut to a nanosecond, so the rate is right to 0.02 %. Lock-free; any thread may call.
class TokenBucket {
 public:
  using Time = limit::Time;

  explicit TokenBucket(std::optional<std::uint32_t> per_minute) noexcept;

  /// Takes one, if there is one. `now` may be a little older than another thread's.
  [[nodiscard]] Decision take(Time now) noexcept;
  /// Takes `count` tokens even if fewer are left. take() refuses until the missing ones have flowed in. For requests
  /// whose size is known only after they were admitted.
  Decision charge(Time now, std::uint32_t count) noexcept;

  /// Changes N and keeps the share of the bucket that is used: half empty stays half empty.
  void set_rate(std::optional<std::uint32_t> per_minute) noexcept;
  /// True if the bucket is full, so that a new one would be the same.
  [[nodiscard]] bool full(Time now) const noexcept;

 private:
  std::atomic<std::int64_t> full_at_ns_;
  std::atomic<std::uint32_t> per_minute_;  ///< 0: unlimited.
};

}  // namespace triggers::limit
