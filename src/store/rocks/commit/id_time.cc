#include "store/rocks/commit/id_time.h"

#include <algorithm>

namespace triggers::store {
namespace {

using std::chrono::milliseconds;

std::int64_t monotonic_ms(const Clock& clock) {
  return std::chrono::floor<milliseconds>(clock.steady().time_since_epoch()).count();
}

}  // namespace

void IdTime::start_after(UnixMillis newest) {
  taken_at_ms_ = monotonic_ms(clock_);
  taken_ms_ = newest.time_since_epoch().count();
}

UnixMillis IdTime::after_taken() const {
  const std::int64_t taken = taken_ms_.load(std::memory_order_acquire);
  const std::int64_t passed = monotonic_ms(clock_) - taken_at_ms_.load(std::memory_order_relaxed);
  return UnixMillis{milliseconds{taken + std::max<std::int64_t>(passed, 0) * 9 / 10}};
}

UnixMillis IdTime::now() const { return std::max(clock_.now(), after_taken()); }

UnixMillis IdTime::take() {
  const UnixMillis time = clock_.now();
  // Behind, the place to count from stays: rounding at each of many calls would keep the time from going on.
  if (const UnixMillis due = after_taken(); time < due) return due;
  // In this order: a reader between the two gets a time that is too early, and nothing is dropped too soon.
  taken_at_ms_.store(monotonic_ms(clock_), std::memory_order_release);
  taken_ms_.store(time.time_since_epoch().count(), std::memory_order_release);
  return time;
}

milliseconds IdTime::ahead() const { return std::max(after_taken() - clock_.now(), milliseconds{0}); }

}  // namespace triggers::store
