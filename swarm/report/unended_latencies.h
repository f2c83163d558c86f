#pragma once

#include <chrono>

#include "swarm/report/run_report.h"
#include "swarm/stats/cut_off.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// Adds to `entry`, for a judgement of its latencies, what is known of requests that never ended: each took longer than
/// its age. Only those older than `limit` are added; of the others nobody knows on which side of it they would have
/// been.

/// Closed model: a user that waits sends nothing, so each request that was cut off stands also for those that its user
/// would have sent meanwhile, one each `interval` (coordinated omission, corrected as HdrHistogram does). So a stall
/// weighs as much as the part of the test that it took.
void add_cut_off(Entry& entry, const CutOff& cut_off, std::chrono::nanoseconds limit,
                 std::chrono::nanoseconds interval);

/// Open model: each stands for itself, because the schedule has gone on. `share` of `ages` is counted, 0 to 1.
void add_waiting(Entry& entry, const Histogram& ages, std::chrono::nanoseconds limit, double share);

/// The one of both that fits the report's model; in the open one also what was due and never sent. `entry` and
/// `cut_off` are of the same names. How many requests, without those that stand for others.
std::uint64_t add_unended(Entry& entry, const CutOff& cut_off, const RunReport& report, std::chrono::nanoseconds limit);

}  // namespace triggers::swarm
