#include "swarm/load/api_keys.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "swarm/load/failure_text.h"

namespace triggers::swarm {
namespace {

constexpr std::string_view separators = ", \t\r\n";

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool printable(char c) { return c > 0x20 && c < 0x7f; }

}  // namespace

const char* api_key_variable() {
  const bool given = variable("LOCUST_API_KEY").find_first_not_of(separators) != std::string_view::npos;
  return given ? "LOCUST_API_KEY" : "TRIGGERS_API_KEY";
}

Result<std::vector<std::string>> api_keys_in_environment() {
  std::vector<std::string> keys;
  std::string_view rest = variable(api_key_variable());
  for (;;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(separators), rest.size()));
    if (rest.empty()) return keys;
    const std::string_view key = rest.substr(0, rest.find_first_of(separators));
    if (const auto odd = std::find_if_not(key.begin(), key.end(), printable); odd != key.end()) {
      return Error{ErrorCode::invalid_argument, "key " + std::to_string(keys.size() + 1) + " in " + api_key_variable() +
                                                    " holds " + python_repr_ascii({&*odd, 1}) +
                                                    ", which a key cannot contain: copy the key again"};
    }
    keys.emplace_back(key);
    rest.remove_prefix(key.size());
  }
}

}  // namespace triggers::swarm
