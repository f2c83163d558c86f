#pragma once

// The text of PREFIX_cut_off.csv, the CSV file that Locust does not have. The others are in csv_tables.h.

#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// PREFIX_cut_off.csv, which Locust does not have: for each name, the requests that were cut off at the end, and those
/// that had stalled (stalled.h). A name of which no request ended is only here, and not in PREFIX_stats.csv. `Longest
/// Wait` is in milliseconds. tests/performance/ci_gate.sh reads this file.
[[nodiscard]] std::string cut_off_csv(const RunReport& report);
/// The file's text until the test has ended.
[[nodiscard]] std::string cut_off_csv_header();

}  // namespace triggers::swarm
