#pragma once

// A clock for deletions: it believes a jump forward only after a day. The clock for everything else is in
// guarded_clock.h.

#include <chrono>
#include <deque>
#include <optional>

#include "base/clock.h"

namespace triggers {

/// A wall clock for what cannot be undone, such as deleting. It follows a jump forward only after the jump has lasted
/// for a day. Each jump is timed by itself, whatever jumps come after it. So if the clock jumps every hour, this one
/// follows each jump a day later. It follows a step back at once, because less data is old then; the step
/// cancels the newest jumps first. One thread at a time.
class ProvenTime {
 public:
  static constexpr std::chrono::milliseconds jump_min{1'000};
  static constexpr std::chrono::hours proof{24};
  /// More jumps than this are counted as one with the newest.
  static constexpr std::size_t jumps_max = 64;

  /// `known`: a time that has certainly passed, such as the newest one that was stored. So a process whose clock is far
  /// ahead at its start also waits. Nothing: the first reading is believed.
  explicit ProvenTime(std::optional<UnixMillis> known = {}) noexcept : wall_(known) {}

  /// The proven time, at these readings of the two clocks.
  UnixMillis at(UnixMillis wall, std::chrono::steady_clock::time_point steady);
  /// How far the wall clock is ahead of this clock; zero if there is no unproven jump.
  [[nodiscard]] std::chrono::milliseconds unproven() const noexcept;

 private:
  struct Jump {
    std::chrono::milliseconds by;
    std::chrono::steady_clock::time_point since;
  };

  void jump_forward(std::chrono::milliseconds by, std::chrono::steady_clock::time_point now);
  void go_back(std::chrono::milliseconds by);

  std::optional<UnixMillis> wall_;  ///< At `looked_at_`.
  std::optional<std::chrono::steady_clock::time_point> looked_at_;
  std::deque<Jump> jumps_;  ///< That are not proven, oldest first.
};

}  // namespace triggers
