#pragma once

// Warnings, key figures and facts of the HTML report. The page is in html_report.h.

#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// Parts of the HTML report other than charts and tables: warnings (empty if there are none), the six most important
/// figures, and the facts about the run.
[[nodiscard]] std::string html_warnings(const RunReport& report);
[[nodiscard]] std::string html_key_figures(const RunReport& report);
[[nodiscard]] std::string html_facts(const RunReport& report);

}  // namespace triggers::swarm
