#pragma once

// The tables of the HTML report. The tables for the terminal are in console_tables.h.

#include <cstddef>
#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// The maximum number of names in the tables; those with the most requests are shown.
inline constexpr std::size_t html_names_max = 80;

/// Tables of the HTML report: Locust's columns, accepted events, and exact percentiles.
[[nodiscard]] std::string html_requests(const RunReport& report);
/// Empty if there was no request.
[[nodiscard]] std::string html_response_times(const Statistics& statistics);

/// The maximum number of different errors, the most frequent first, and the maximum length of each text.
inline constexpr std::size_t html_failures_max = 50, html_exceptions_max = 20, html_error_bytes_max = 400;
/// Empty if there was none.
[[nodiscard]] std::string html_failures(const Statistics& statistics);
[[nodiscard]] std::string html_exceptions(const Statistics& statistics);

}  // namespace triggers::swarm
