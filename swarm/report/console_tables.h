#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "swarm/report/run_report.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// The tables for the terminal: each a text of whole lines. Words and order are Locust's. Unlike Locust's, the lines
/// are as wide as their names need, 80 columns with those of the API; and times are exact, with digits below 10 ms.

/// The columns of the terminal that is standard error, as of now; nothing if it is none.
[[nodiscard]] std::optional<std::size_t> terminal_columns();

/// The width of the column of names: of the longest name that has a row, or what a terminal of so many columns leaves,
/// but never too narrow to tell names apart. A longer name is cut in its middle.
[[nodiscard]] std::size_t name_width(const Statistics& statistics, std::optional<std::size_t> columns);

enum class RatesOver : std::uint8_t {
  recent,  ///< current_rates(): while the test runs.
  all,     ///< total_rates(): at its end.
};
/// A row for each name: counts and rates. An empty line follows.
[[nodiscard]] std::string request_table(const Statistics& statistics, std::size_t name_width, RatesOver rates);
/// A row for each name: response times in ms. An empty line follows.
[[nodiscard]] std::string percentile_table(const Statistics& statistics, std::size_t name_width);
/// Every failure and how often it occurred, and an empty line; nothing if there was none.
[[nodiscard]] std::string error_report(const Statistics& statistics);

/// Our own lines below the last tables: how many events were accepted, and a second; and, if any, how many requests a
/// rate limit refused, how many were cut off, and how many of these had stalled. An empty line follows.
[[nodiscard]] std::string accepted_summary(const RunReport& report);

}  // namespace triggers::swarm
