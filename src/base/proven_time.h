#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "base/clock.h"

namespace triggers {

/// A wall clock for what cannot be undone, as deleting: it follows a jump forward only once that has held for a day.
/// Each jump proves itself, whatever jumps come after it, so a clock that jumps each hour is a day behind and no more.
/// A clock that goes back it follows at once, since less is old then, and the newest jumps are taken back first. One
/// thread at a time.
class ProvenTime {
 public:
  static constexpr std::chrono::milliseconds jump_min{1'000};
  static constexpr std::chrono::hours proof{24};
  /// More jumps than this are counted as one with the newest.
  static constexpr std::size_t jumps_max = 64;

  /// `known`: a time of which this is known to be later, as the newest one that was stored. So a process that starts
  /// with a clock that is far ahead waits as well. Nothing: the first time that is given is believed.
  explicit ProvenTime(std::optional<UnixMillis> known = {}) noexcept : wall_(known) {}

  /// The time to go by, at these readings of the two clocks.
  UnixMillis at(UnixMillis wall, std::chrono::steady_clock::time_point steady);
  /// By how much the wall clock is ahead of what is believed; zero if it is believed.
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
