#pragma once

// The metrics of inboxes and their entries in the embedded store. Other metrics of that store are in embedded_store.cc.

#include "metrics/metrics.h"
#include "store/rocks/rocks_store.h"

namespace triggers {

/// What commits do with leases and leased entries.
class LeaseCounters {
 public:
  explicit LeaseCounters(metrics::Registry& registry);
  void add(const store::CommitStats& stats) const;

 private:
  metrics::Counter &leases_, &refused_, &refused_tracked_, &leased_, &acknowledged_, &released_, &timed_out_, &lost_,
      &died_;
};

/// What inboxes hold. `store` counts it in the background.
void add_inbox_metrics(metrics::Registry& registry, const store::RocksStore& store, const Clock& clock);

}  // namespace triggers
