#pragma once

// The line about a running test. Redrawing it in place is in status_line.h; the tables are in console_tables.h.

#include <cstddef>
#include <string>
#include <string_view>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

struct ProgressStyle {
  bool colour = false;  ///< ANSI colours, only for what is wrong.
  bool blocks = false;  ///< The terminal can show U+2581 to U+2588, so the line has a sparkline.

  /// From the environment: `NO_COLOR` (no-color.org), `TERM`, and the locale, which must be UTF-8 for blocks.
  static ProgressStyle of_environment();
};

/// One line about a running test, without a line end. It shows the time left (or passed, without a limit), users, and
/// the last ten seconds' request rate, latencies, failures and accepted events; a sparkline shows the throughput of the
/// last half minute. Figures have fixed widths, so the line does not jump. On a narrow terminal the least important
/// parts are left out; the line has at most `columns` - 1 columns.
[[nodiscard]] std::string progress_line(const RunReport& report, std::size_t columns, ProgressStyle style);
/// With the style from the environment.
[[nodiscard]] std::string progress_line(const RunReport& report, std::size_t columns);

/// The number of columns of a one-line text: one for each code point, none for colours.
[[nodiscard]] std::size_t columns_of(std::string_view line);

}  // namespace triggers::swarm
