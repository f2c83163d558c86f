#pragma once

// The page of `--html` as a whole. Its parts are in html_facts.h, html_charts.h, html_tables.h and html_style.h.

#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// The page of `--html`: one self-contained file, with light and dark colours, charts over time, the distribution of
/// latencies, and all tables. Latencies are exact, not rounded as in Locust. Its size depends on the number of names
/// and errors, not on the length of the test.
[[nodiscard]] std::string render_html(const RunReport& report);

}  // namespace triggers::swarm
