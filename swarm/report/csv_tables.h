#pragma once

// The texts of Locust's CSV files. Writing them to disk is in csv_files.h; quoting is in csv_text.h; our own file is in
// cut_off_csv.h.

#include <cstddef>
#include <string>

#include "swarm/report/locust_rows.h"
#include "swarm/report/recent_times.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// The texts of the CSV files, as Locust 2.12.1 writes them: its headers, order, number formats and rounding of times
/// (tests/e2e/test_swarm_formats.py compares them with Locust's). The differences:
///
/// - Only names with requests have a row. Locust also keeps empty rows after `--reset-stats`.
/// - The median of times that round to 100 ms is `100.0`; Locust writes `100` if the first of them was below 100 ms.
/// - Averages may differ in the 15th digit, because we add in another order.

/// PREFIX_stats.csv: totals by name.
[[nodiscard]] std::string stats_csv(const LocustRows& rows);
/// PREFIX_failures.csv, in the order of failure_key().
[[nodiscard]] std::string failures_csv(const Statistics& statistics);
/// PREFIX_exceptions.csv. Nodes is always `local`.
[[nodiscard]] std::string exceptions_csv(const Statistics& statistics);

/// PREFIX_stats_history.csv.
[[nodiscard]] std::string history_csv_header();
/// The rows that one second adds: the aggregated row, with percentiles since the start. With `recent`, also a row for
/// each name, and percentiles of about the last ten seconds, as in Locust's full history.
[[nodiscard]] std::string history_csv_rows(const LocustRows& rows, std::size_t users, EpochSeconds now,
                                           const RecentTimes* recent);

}  // namespace triggers::swarm
