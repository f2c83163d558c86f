#pragma once

// The clock by which acknowledged events expire. The clock of new ids is in commit/id_time.h.

#include <chrono>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/proven_time.h"

namespace triggers::store {

/// The time by which acknowledged events expire. Expired events are deleted for good, so a jump of the clock forward
/// must first last for a day: see ProvenTime. Logs when it waits for that. Any thread.
class RetentionTime {
 public:
  /// `newest`: when the newest event was accepted, if there is one. So a store that is opened while the clock is far
  /// ahead waits as well.
  RetentionTime(const Clock& clock, std::chrono::hours event_ttl, std::optional<UnixMillis> newest) noexcept
      : clock_(clock), event_ttl_(event_ttl), time_(newest) {}

  [[nodiscard]] UnixMillis now();
  /// Whether an event with this time of acknowledgement is past its time to live.
  [[nodiscard]] bool is_expired(UnixMillis acknowledged_at) { return now() - acknowledged_at >= event_ttl_; }

 private:
  void tell(std::chrono::milliseconds unproven) REQUIRES(mutex_);

  const Clock& clock_;
  const std::chrono::hours event_ttl_;
  Mutex mutex_;
  ProvenTime time_ GUARDED_BY(mutex_);
  bool told_ GUARDED_BY(mutex_) = false;
};

}  // namespace triggers::store
