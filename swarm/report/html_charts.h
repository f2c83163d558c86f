#pragma once

// The charts of the HTML report. Drawing one is in svg_chart.h; the page is in html_report.h.

#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// The charts of the HTML report: throughput, latency and users over time, and the distribution of latencies.
[[nodiscard]] std::string html_charts(const RunReport& report);

}  // namespace triggers::swarm
