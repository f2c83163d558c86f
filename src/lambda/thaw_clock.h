#pragma once

// A clock that counts the time for which Lambda froze the process. A server uses base/guarded_clock.h.

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace triggers::lambda {

/// The machine's clock, whose steady() includes the time for which the process was frozen, even if the machine's steady
/// clock stood still. Otherwise a key that was read before a freeze of an hour would seem fresh after it.
class ThawClock final : public Clock {
 public:
  /// `machine` outlives it.
  explicit ThawClock(const Clock& machine = Clock::system());

  [[nodiscard]] UnixMillis now() const override { return machine_.now(); }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override;

  /// Call it when work begins again, from one thread. It adds the time by which the wall clock has advanced more than
  /// the steady one since the last call. A wall clock that was set forward looks like a freeze and makes things older,
  /// which does no harm.
  void look();

 private:
  static constexpr std::chrono::milliseconds noticed_from{100};  // Less is how clocks differ.

  const Clock& machine_;
  UnixMillis wall_;
  std::chrono::steady_clock::time_point steady_;
  std::atomic<std::chrono::nanoseconds> frozen_{std::chrono::nanoseconds{0}};
};

}  // namespace triggers::lambda
