#include "swarm/load/arrivals.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace triggers::swarm {
namespace {

constexpr std::uint64_t counted_max = 1'000'000;

/// Exponential, with a mean of 1.
double draw_distance(Random& random) { return -std::log1p(-random.unit()); }

}  // namespace

Arrivals::Arrivals(MonotonicTime start, LoadCurve curve, ArrivalSpread spread, ArrivalShare share)
    : start_(start),
      curve_(std::move(curve)),
      spread_(spread),
      threads_(static_cast<double>(share.threads)),
      mark_(spread == ArrivalSpread::constant ? static_cast<double>(share.index) : threads_ * draw_distance(random_)),
      next_due_(due(mark_)) {}

MonotonicTime Arrivals::due(double mark) const {
  const auto time = curve_.time_of(mark);
  return time && *time < MonotonicTime::max() - start_ ? start_ + *time : MonotonicTime::max();
}

void Arrivals::advance() {
  mark_ += spread_ == ArrivalSpread::constant ? threads_ : threads_ * draw_distance(random_);
  next_due_ = due(mark_);
}

MonotonicTime Arrivals::begin() {
  const MonotonicTime begun = next_due_;
  advance();
  return begun;
}

std::uint64_t Arrivals::waiting(MonotonicTime now) const {
  if (now < next_due_) return 0;
  const double area = curve_.area_until(now - start_);
  // The mark at the end of a schedule is not due.
  const double last = area < curve_.area() ? area : std::nextafter(curve_.area(), 0.0);
  const auto evenly = static_cast<std::uint64_t>(std::max(0.0, std::floor((last - mark_) / threads_))) + 1;
  if (spread_ == ArrivalSpread::constant || evenly > counted_max) return evenly;
  // Draws the same distances as advance() will.
  Arrivals copy = *this;
  std::uint64_t count = 0;
  for (; copy.next_due_ <= now; copy.advance()) ++count;
  return count;
}

void Arrivals::skip_to(MonotonicTime from) {
  while (next_due_ < from && next_due_ != MonotonicTime::max()) advance();
}

void Arrivals::add_ages(MonotonicTime now, Histogram& ages) const {
  constexpr std::uint64_t steps_max = 1000;
  const std::uint64_t count = waiting(now);
  const std::uint64_t step = count / steps_max + 1;
  for (std::uint64_t i = 0; i < count; i += step) {
    // Also evenly for Poisson: ages are rounded, and the mean distance is the same.
    const MonotonicTime was_due = due(mark_ + static_cast<double>(i) * threads_);
    ages.add(was_due < now ? now - was_due : std::chrono::nanoseconds{0}, std::min(step, count - i));
  }
}

}  // namespace triggers::swarm
