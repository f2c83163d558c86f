#include "base/guarded_clock.h"

#include <utility>

namespace triggers {
namespace {

using std::chrono::milliseconds;

milliseconds since_start(std::chrono::steady_clock::time_point time) {
  return std::chrono::floor<milliseconds>(time.time_since_epoch());
}

}  // namespace

GuardedClock::GuardedClock(const Clock& machine) : machine_(machine), difference_ms_(difference().count()) {}

UnixMillis GuardedClock::now() const {
  const UnixMillis wall = machine_.now();
  const milliseconds monotonic = since_start(machine_.steady());
  const milliseconds known{difference_ms_.load(std::memory_order_relaxed)};
  const milliseconds off = wall.time_since_epoch() - monotonic - known;
  // A thread that was delayed between the two readings also takes this path, and gets the right time.
  return std::chrono::abs(off) <= step_min ? wall : UnixMillis{monotonic + known};
}

milliseconds GuardedClock::machine_ahead() const { return machine_.now() - now(); }

milliseconds GuardedClock::difference() const {
  constexpr milliseconds held_up{20};
  for (;;) {
    const auto before = machine_.steady();
    const UnixMillis wall = machine_.now();
    const auto after = machine_.steady();
    if (after - before < held_up) return wall.time_since_epoch() - since_start(before);
  }
}

std::optional<GuardedClock::Change> GuardedClock::look() {
  const milliseconds found = difference();
  const milliseconds off = found - milliseconds{difference_ms_.load(std::memory_order_relaxed)};
  if (std::chrono::abs(off) <= step_min) {
    difference_ms_.store(found.count(), std::memory_order_relaxed);
    if (!std::exchange(step_, std::nullopt)) return std::nullopt;
    return Change{Change::Kind::undone, off};
  }
  const auto now = machine_.steady();
  if (!step_ || std::chrono::abs(off - step_->by) > step_min) {
    step_ = Step{off, now};
    return Change{Change::Kind::stepped, off};
  }
  if (now - step_->since < proof) return std::nullopt;
  difference_ms_.store(found.count(), std::memory_order_relaxed);
  step_.reset();
  return Change{Change::Kind::accepted, off};
}

}  // namespace triggers
