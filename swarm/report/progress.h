#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

struct ProgressStyle {
  bool colour = false;  ///< ANSI colours; only what is wrong has one.
  bool blocks = false;  ///< The terminal shows U+2581 to U+2588: with a sparkline.

  /// What the environment says: `NO_COLOR` (no-color.org), `TERM`, and the locale, which has to be UTF-8 for blocks.
  static ProgressStyle of_environment();
};

/// One line about a test that runs, for a terminal of so many columns, without a line end: the time left (or passed, if
/// there is no limit), users, and of the last ten seconds requests a second, latencies, failures, accepted events; and
/// throughput of the last half minute as a sparkline. Figures have fixed widths, so the line does not jump. What
/// matters least is left out where it does not fit; nothing is wider than `columns` - 1.
[[nodiscard]] std::string progress_line(const RunReport& report, std::size_t columns, ProgressStyle style);
/// As the environment wants it.
[[nodiscard]] std::string progress_line(const RunReport& report, std::size_t columns);

/// How many columns text of one line takes: a code point is one, a colour none.
[[nodiscard]] std::size_t columns_of(std::string_view line);

}  // namespace triggers::swarm
