#pragma once

#include <string>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// Parts of the HTML report that are no chart and no table of names: what a person must know before the figures
/// (nothing if there is nothing), the six figures that matter most, and what was run, how, by what.
[[nodiscard]] std::string html_warnings(const RunReport& report);
[[nodiscard]] std::string html_key_figures(const RunReport& report);
[[nodiscard]] std::string html_facts(const RunReport& report);

}  // namespace triggers::swarm
