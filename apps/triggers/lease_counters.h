#pragma once

// The counters of leases and entries, the same for both engines. What inboxes hold now is in inbox_gauges.h.

#include "metrics/metrics.h"
#include "store/lease_stats.h"

namespace triggers {

/// What is done with leases and leased entries. Any thread.
class LeaseCounters {
 public:
  explicit LeaseCounters(metrics::Registry& registry);
  void add(const store::LeaseStats& stats) const;

 private:
  metrics::Counter &leases_, &refused_, &refused_tracked_, &leased_, &acknowledged_, &released_, &timed_out_, &lost_,
      &died_;
};

}  // namespace triggers
