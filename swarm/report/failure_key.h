#pragma once

// The key by which Locust sorts and names failures. The failures are in stats/statistics.h.

#include <string>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// Locust's key of a failure: the SHA-256 of its method, name and text, in hexadecimal. It orders the failures file and
/// identifies the errors in a worker's report.
[[nodiscard]] std::string failure_key(const Failure& failure);

}  // namespace triggers::swarm
