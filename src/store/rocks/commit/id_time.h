#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace triggers::store {

/// The time of new ids, and so of the windows for duplicates, which are counted from an event's id. It never goes back:
/// behind the newest id (the clock was set back, or was ahead when the store was used before) it goes on from there at
/// nine tenths of real time. So a window is at most a ninth longer meanwhile, and the clock catches up. Were the ids to
/// stand still instead, an equal event would be a duplicate for as long as the clock is behind.
class IdTime final : public Clock {
 public:
  explicit IdTime(const Clock& clock) noexcept : clock_(clock) {}

  /// The newest id there is has this time. Before anything else is called.
  void start_after(UnixMillis newest);
  /// The time for new ids. For the one thread that gives them.
  UnixMillis take();

  /// The time that take() would give. Any thread.
  [[nodiscard]] UnixMillis now() const override;
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return clock_.steady(); }
  /// By how much that is ahead of the clock. Any thread.
  [[nodiscard]] std::chrono::milliseconds ahead() const;

 private:
  [[nodiscard]] UnixMillis after_taken() const;

  const Clock& clock_;
  // What was taken last, and when. The later time goes with the earlier one at worst: see take().
  std::atomic<std::int64_t> taken_ms_{0};
  std::atomic<std::int64_t> taken_at_ms_{0};
};

}  // namespace triggers::store
