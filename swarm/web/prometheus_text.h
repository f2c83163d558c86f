#pragma once

// A test in Prometheus's text format 0.0.4: the answer of GET /metrics.

#include <string>

#include "swarm/web/test_control.h"

namespace triggers::swarm {

/// Counters by name and method, a histogram of latencies in seconds, users, the state, exceptions, and the generator's
/// own load. At most `stats_rows_max` names (locust_json.h); the counters of all requests have no labels.
[[nodiscard]] std::string prometheus_text(const TestView& view);

}  // namespace triggers::swarm
