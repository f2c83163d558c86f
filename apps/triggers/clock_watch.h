#pragma once

// Reports steps of the machine's clock. The clock that ignores them is in base/guarded_clock.h.

#include <chrono>

#include "base/guarded_clock.h"
#include "metrics/metrics.h"

namespace triggers {

/// Tells an operator, in the log and as metrics, when the machine's wall clock steps, and when it is behind the newest
/// id. Nothing else shows it, because the service continues.
class ClockWatch {
 public:
  /// `waits`: the store's time follows a step only after it has lasted, as GuardedClock does; otherwise at once.
  ClockWatch(metrics::Registry& registry, GuardedClock& clock, bool waits);

  /// Call it every second, from one thread. `ids_ahead`: as in store::Metrics.
  void look(std::chrono::milliseconds ids_ahead);

 private:
  void tell(const GuardedClock::Change& change);
  void tell_behind(std::chrono::milliseconds by);

  GuardedClock& clock_;
  const bool waits_;
  metrics::Counter& steps_;
  metrics::Gauge& offset_;
  metrics::Gauge& behind_;
  bool behind_told_ = false;
};

}  // namespace triggers
