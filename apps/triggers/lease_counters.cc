#include "lease_counters.h"

#include <string>

namespace triggers {
namespace {

metrics::Counter& refused_counter(metrics::Registry& registry, const std::string& limit) {
  return registry.counter("triggers_leases_refused_total", "Leases that were refused, by the limit that was reached.",
                          {{"limit", limit}});
}

/// Most commits lease nothing.
void add_if_any(metrics::Counter& counter, std::size_t by) {
  if (by > 0) counter.add(by);
}

}  // namespace

LeaseCounters::LeaseCounters(metrics::Registry& registry)
    : leases_(registry.counter("triggers_leases_total", "Leases that were taken.")),
      refused_(refused_counter(registry, "leased-max")),
      refused_tracked_(refused_counter(registry, "tenant-tracked-max")),
      leased_(registry.counter("triggers_entries_leased_total", "Entries that leases handed out.")),
      acknowledged_(registry.counter("triggers_entries_acknowledged_by_lease_total",
                                     "Entries that the holder of their lease acknowledged.")),
      released_(
          registry.counter("triggers_entries_released_total", "Entries that the holder of their lease released.")),
      timed_out_(registry.counter("triggers_entries_lease_timeouts_total",
                                  "Entries whose lease ended because its time was over.")),
      lost_(registry.counter("triggers_entries_lease_lost_total",
                             "Entries for which a request got lease_lost: its lease did not hold them.")),
      died_(registry.counter("triggers_entries_died_total", "Entries that became dead: their attempts were used up.")) {
}

void LeaseCounters::add(const store::LeaseStats& stats) const {
  add_if_any(leases_, stats.leases);
  add_if_any(refused_, stats.refused);
  add_if_any(refused_tracked_, stats.refused_tracked);
  add_if_any(leased_, stats.leased);
  add_if_any(acknowledged_, stats.acknowledged);
  add_if_any(released_, stats.released);
  add_if_any(timed_out_, stats.timed_out);
  add_if_any(lost_, stats.lost);
  add_if_any(died_, stats.died);
}

}  // namespace triggers
