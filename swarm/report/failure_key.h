#pragma once

#include <string>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// What Locust files a failure under: the SHA-256, in hexadecimal, of its method, name and text. It is the order of
/// the failures file, and the key of a worker's errors.
[[nodiscard]] std::string failure_key(const Failure& failure);

}  // namespace triggers::swarm
