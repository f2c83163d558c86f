#pragma once

// Reads the API keys from the environment. Every other option is in run/options.h.

#include <string>
#include <vector>

#include "base/result.h"

namespace triggers::swarm {

/// The environment variable that api_keys_in_environment() reads: LOCUST_API_KEY, or TRIGGERS_API_KEY if the former is
/// unset or empty.
[[nodiscard]] const char* api_key_variable();

/// The keys in that variable, separated by commas, blanks or line ends. Empty if there are none. Error:
/// `invalid_argument` if a key contains a character that a request field must not contain.
[[nodiscard]] Result<std::vector<std::string>> api_keys_in_environment();

}  // namespace triggers::swarm
