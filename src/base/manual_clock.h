#pragma once

// For tests: a clock that stands until the test moves it.

#include <atomic>

#include "base/clock.h"

namespace triggers {

/// A clock that a test sets. Any thread may call.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixMillis start = UnixMillis{std::chrono::milliseconds{1'700'000'000'000}}) noexcept
      : now_ms_(start.time_since_epoch().count()) {}

  [[nodiscard]] UnixMillis now() const override { return UnixMillis{std::chrono::milliseconds{now_ms_.load()}}; }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point{std::chrono::milliseconds{steady_ms_.load()}};
  }

  /// Moves both clocks on.
  void advance(std::chrono::milliseconds by) noexcept {
    now_ms_ += by.count();
    steady_ms_ += by.count();
  }
  /// Moves only the wall clock, either way, as an operator or NTP may.
  void jump(std::chrono::milliseconds by) noexcept { now_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ms_;
  std::atomic<std::int64_t> steady_ms_{1'000'000};
};

}  // namespace triggers
