#pragma once

// The header fields that every request has. The request itself is made in user.h.

#include <string>

#include "swarm/load/target.h"

namespace triggers::swarm {

/// The header fields of every request to the target: Host (RFC 9110, section 7.2), User-Agent, Accept.
[[nodiscard]] std::string request_fields(const Target& target);

}  // namespace triggers::swarm
