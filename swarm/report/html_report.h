#pragma once

#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// The page of `--html`: one file that needs no other and no network, in a light and a dark scheme, with charts over
/// time, the distribution of latencies, and every table. Latencies are exact, not Locust's rounded ones. Its size
/// depends on the number of names and errors, not on the length of the test.
[[nodiscard]] std::string render_html(const RunReport& report);

}  // namespace triggers::swarm
