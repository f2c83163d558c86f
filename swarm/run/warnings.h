#pragma once

#include <string>
#include <vector>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// What makes the figures of a test less than they seem, for a person: a generator that had no time left, a schedule
/// that was not kept, a rate limit that was measured instead of the service.
[[nodiscard]] std::vector<std::string> warnings_of(const RunReport& report);

}  // namespace triggers::swarm
