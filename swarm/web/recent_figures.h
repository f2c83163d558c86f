#pragma once

// Percentiles of the last ten seconds, for the live view. The whole test over time is in report/history.h.

#include "swarm/report/history.h"

namespace triggers::swarm {

struct RecentFigures {
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;  ///< Within 1 %; 0 if no request ended.
};

[[nodiscard]] RecentFigures recent_figures(const History& history);

}  // namespace triggers::swarm
