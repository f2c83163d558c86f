#pragma once

#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// Tables of the HTML report; empty where there is nothing to show.
[[nodiscard]] std::string html_requests(const RunReport& report);
[[nodiscard]] std::string html_failures(const Statistics& statistics);
[[nodiscard]] std::string html_exceptions(const Statistics& statistics);

}  // namespace triggers::swarm
