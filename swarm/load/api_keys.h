#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace triggers::swarm {

/// The environment variable that keys_in_environment() has read: LOCUST_API_KEY, or TRIGGERS_API_KEY where that one is
/// not set or empty.
[[nodiscard]] const char* api_key_variable();

/// The keys in that variable: one, or several with commas, blanks or line ends between them. Empty if there is none.
/// Error: `invalid_argument` for a key with a character that no request field may hold.
[[nodiscard]] Result<std::vector<std::string>> api_keys_in_environment();

}  // namespace triggers::swarm
