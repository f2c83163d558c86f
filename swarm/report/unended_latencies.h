#pragma once

// Adds requests that never ended to the latencies, so that a stalled service does not look fast. Which of them count as
// failures is in stalled.h.

#include <chrono>

#include "swarm/report/run_report.h"
#include "swarm/stats/cut_off.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// Adds requests that never ended to the latencies of `entry`: each would have taken longer than its age. Only requests
/// older than `limit` are added; the others might have ended below it.

/// Closed model: a waiting user sends nothing, so each request that was cut off also counts for those that its user
/// would have sent meanwhile, one per `interval`. This corrects coordinated omission as HdrHistogram does.
void add_cut_off(Entry& entry, const CutOff& cut_off, std::chrono::nanoseconds limit,
                 std::chrono::nanoseconds interval);

/// Open model: each counts once, because the schedule continued. Only `share` (0 to 1) of `ages` is counted.
void add_waiting(Entry& entry, const Histogram& ages, std::chrono::nanoseconds limit, double share);

/// Uses the function above for the report's model. In the open model, also adds tasks that were due and never sent.
/// `entry` and `cut_off` must be of the same names. Returns the number of requests that never ended.
std::uint64_t add_unended(Entry& entry, const CutOff& cut_off, const RunReport& report, std::chrono::nanoseconds limit);

}  // namespace triggers::swarm
