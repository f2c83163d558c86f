#pragma once

// The wall clock of the service, which ignores short jumps of the machine's clock. For deleting, proven_time.h is more
// careful still.

#include <atomic>
#include <chrono>
#include <optional>

#include "base/clock.h"

namespace triggers {

/// A wall clock that ignores a step of the machine's clock by more than a second, in either direction, until the step
/// has lasted for five minutes. Meanwhile it follows the monotonic clock. So a clock that is wrong for a moment leaves
/// no trace in stored data. Steps of up to a second, and the slow corrections of NTP, are followed at once.
///
/// Any thread may ask for the time. It costs a second reading of a clock.
class GuardedClock final : public Clock {
 public:
  static constexpr std::chrono::milliseconds step_min{1'000};
  static constexpr std::chrono::minutes proof{5};

  /// What look() found.
  struct Change {
    enum class Kind {
      stepped,   ///< The machine's clock is now off by `by`; before, it was right or off by another amount.
      undone,    ///< The machine's clock is right again.
      accepted,  ///< The step has lasted, so this clock has stepped by `by` too.
    };
    Kind kind;
    std::chrono::milliseconds by;
  };

  explicit GuardedClock(const Clock& machine = Clock::system());

  [[nodiscard]] UnixMillis now() const override;
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return machine_.steady(); }

  /// By how much the machine's wall clock is ahead of this one.
  [[nodiscard]] std::chrono::milliseconds machine_ahead() const;

  /// To be called every second, by one thread.
  std::optional<Change> look();

 private:
  struct Step {
    std::chrono::milliseconds by;
    std::chrono::steady_clock::time_point since;
  };

  /// Wall minus monotonic, by the machine's clocks.
  [[nodiscard]] std::chrono::milliseconds difference() const;

  const Clock& machine_;
  std::atomic<std::int64_t> difference_ms_;  ///< The difference that this clock uses.
  std::optional<Step> step_;
};

}  // namespace triggers
