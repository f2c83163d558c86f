#pragma once

// What inboxes hold now, and their jobs, for the metrics of both engines. Counters of leases are in lease_counters.h.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "metrics/metrics.h"
#include "store/inbox_figures.h"

namespace triggers {

/// `totals_now` is called by each scrape, twice. Nothing: not counted yet.
void add_inbox_gauges(metrics::Registry& registry, std::function<std::optional<store::InboxTotals>()> totals_now,
                      const Clock& clock);

struct JobFigures {
  std::uint64_t running = 0, done = 0, failed = 0;
};
/// Purges and replays of inboxes. `running_help` says whose.
void add_job_metrics(metrics::Registry& registry, const std::string& running_help,
                     const std::function<JobFigures()>& jobs);

}  // namespace triggers
