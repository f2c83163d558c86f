#pragma once

#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// PREFIX_cut_off.csv, which Locust does not have: for each row of PREFIX_stats.csv, what was cut off at the end and
/// what of it had stalled (stalled.h). `Longest Wait` is in milliseconds. tests/performance/ci_gate.sh reads it.
[[nodiscard]] std::string cut_off_csv(const RunReport& report);
/// Of a test that has not ended.
[[nodiscard]] std::string cut_off_csv_header();

}  // namespace triggers::swarm
