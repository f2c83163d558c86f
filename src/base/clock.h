#pragma once

// The time as code reads it: the type of a time, and the clock that a test can replace. Other clocks are in
// guarded_clock.h, proven_time.h and manual_clock.h; times as text are in timestamp.h.

#include <chrono>
#include <cstdint>

namespace triggers {

/// Milliseconds since the Unix epoch, UTC: the resolution of every time that the API shows.
using UnixMillis = std::chrono::sys_time<std::chrono::milliseconds>;

/// The clock that code is given to read, so that a test can set the time. Any thread may call.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// The wall clock; may jump either way.
  [[nodiscard]] virtual UnixMillis now() const = 0;
  /// A clock that never goes back; for durations only.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const = 0;

  /// The machine's clock.
  static const Clock& system() noexcept;
};

}  // namespace triggers
