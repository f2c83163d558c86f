#pragma once

// The reasons not to trust a test's figures. A reason to end a test at its start is in load/start_watch.h.

#include <string>
#include <vector>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// Reasons not to trust the figures of a test, for a person: a saturated generator, a schedule that was not kept, a
/// rate limit that was measured instead of the service.
[[nodiscard]] std::vector<std::string> warnings_of(const RunReport& report);

}  // namespace triggers::swarm
