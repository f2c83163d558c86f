#pragma once

#include <cstddef>
#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// One line about a test that runs, for a terminal of so many columns, without a line end: time, users, and of the last
/// ten seconds requests a second, latencies, failures and accepted events. What matters least is left out where it does
/// not fit; nothing is wider than `columns` - 1.
[[nodiscard]] std::string progress_line(const RunReport& report, std::size_t columns);

}  // namespace triggers::swarm
