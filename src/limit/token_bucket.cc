#include "limit/token_bucket.h"

#include <limits>

#include "limit/gcra.h"

namespace triggers::limit {

TokenBucket::TokenBucket(std::optional<std::uint32_t> per_minute) noexcept
    : full_at_ns_(std::numeric_limits<std::int64_t>::min()), per_minute_(per_minute.value_or(0)) {}

Decision TokenBucket::take(Time now) noexcept {
  const auto per_minute = per_minute_.load(std::memory_order_relaxed);
  if (per_minute == 0) return {};
  const Gcra gcra(per_minute);
  const auto now_ns = Gcra::count(now);
  auto full_at_ns = full_at_ns_.load(std::memory_order_relaxed);
  // The atomic guards nothing but itself, so no ordering is needed.
  while (gcra.has_one(full_at_ns, now_ns)) {
    const auto next_ns = gcra.after_take(full_at_ns, now_ns);
    if (full_at_ns_.compare_exchange_weak(full_at_ns, next_ns, std::memory_order_relaxed)) {
      return gcra.describe(true, next_ns, now_ns);
    }
  }
  return gcra.describe(false, full_at_ns, now_ns);
}

Decision TokenBucket::charge(Time now, std::uint32_t count) noexcept {
  const auto per_minute = per_minute_.load(std::memory_order_relaxed);
  if (per_minute == 0) return {};
  const Gcra gcra(per_minute);
  const auto now_ns = Gcra::count(now);
  auto full_at_ns = full_at_ns_.load(std::memory_order_relaxed);
  std::int64_t next_ns = 0;
  do {
    next_ns = gcra.after_take(full_at_ns, now_ns, count);
  } while (!full_at_ns_.compare_exchange_weak(full_at_ns, next_ns, std::memory_order_relaxed));
  return gcra.describe(true, next_ns, now_ns);
}

void TokenBucket::set_rate(std::optional<std::uint32_t> per_minute) noexcept {
  // What is missing is kept as time until full, which is the used share of a minute whatever N is.
  per_minute_.store(per_minute.value_or(0), std::memory_order_relaxed);
}

bool TokenBucket::full(Time now) const noexcept {
  return full_at_ns_.load(std::memory_order_relaxed) <= Gcra::count(now);
}

}  // namespace triggers::limit
