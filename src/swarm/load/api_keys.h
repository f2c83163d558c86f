#pragma once

#include <string>
#include <vector>

namespace triggers::swarm {

/// The keys in the environment variable LOCUST_API_KEY: one, or several with commas between them. Empty if there is
/// none.
[[nodiscard]] std::vector<std::string> api_keys_in_environment();

}  // namespace triggers::swarm
