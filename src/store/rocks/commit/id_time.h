#pragma once

// The clock from which the committer makes ids. It makes no ids itself: base/uuid7.h does. Expiry has a clock of its
// own: upkeep/retention_time.h.

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace triggers::store {

/// The time of new ids, and so of the windows for duplicates, which are counted from an event's id. It never goes back.
/// If the clock is behind the newest id (it was set back, or was ahead when the store was last used), this time
/// continues from that id at nine tenths of real time. So the clock catches up, and a window is at most a ninth longer
/// meanwhile. If ids stood still instead, an equal event would be a duplicate for as long as the clock is behind.
class IdTime final : public Clock {
 public:
  explicit IdTime(const Clock& clock) noexcept : clock_(clock) {}

  /// Sets the time of the newest existing id. Call it first.
  void start_after(UnixMillis newest);
  /// The time for new ids. For the thread that assigns them.
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
