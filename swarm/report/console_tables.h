#pragma once

// What a test prints on the terminal as whole lines: tables of requests, response times and failures, and the summary
// below them; also the widths of the terminal and of the names. The line of a running test is in progress.h; printing
// is in run/console.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "swarm/report/run_report.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// The tables for the terminal, as whole lines. Words and order are Locust's. Unlike Locust's, lines are only as wide
/// as the names need (80 columns for the API's names), and times are exact.

/// The current width of the terminal on standard error; nothing if it is not a terminal.
[[nodiscard]] std::optional<std::size_t> terminal_columns();

/// The width of the name column: that of the longest name with a row, or less on a narrow terminal, but always enough
/// to distinguish names. A longer name is cut in its middle.
[[nodiscard]] std::size_t name_width(const Statistics& statistics, std::optional<std::size_t> columns);

enum class RatesOver : std::uint8_t {
  recent,  ///< current_rates(), while the test runs.
  all,     ///< total_rates(), at the end.
};
/// Counts and rates, a row for each name, and an empty line.
[[nodiscard]] std::string request_table(const Statistics& statistics, std::size_t name_width, RatesOver rates);
/// Response times in ms, a row for each name, and an empty line.
[[nodiscard]] std::string percentile_table(const Statistics& statistics, std::size_t name_width);
/// Each failure with its number of occurrences, and an empty line. Empty if there was none.
[[nodiscard]] std::string error_report(const Statistics& statistics);

/// Each exception of a task with its number of occurrences, and an empty line. Empty if there was none.
[[nodiscard]] std::string exception_report(const Statistics& statistics);

/// Our own lines below the last tables: accepted events and their rate; requests that a rate limit refused, that were
/// cut off and that had stalled, if any. Ends with an empty line.
[[nodiscard]] std::string accepted_summary(const RunReport& report);

}  // namespace triggers::swarm
