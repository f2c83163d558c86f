#include "swarm/load/api_keys.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace triggers::swarm {

std::vector<std::string> api_keys_in_environment() {
  std::vector<std::string> keys;
  const char* const given = std::getenv("LOCUST_API_KEY");
  std::string_view rest = given == nullptr ? "" : given;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    std::string_view key = rest.substr(0, comma);
    while (key.starts_with(' ')) key.remove_prefix(1);
    while (key.ends_with(' ')) key.remove_suffix(1);
    if (!key.empty()) keys.emplace_back(key);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return keys;
}

}  // namespace triggers::swarm
