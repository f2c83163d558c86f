#include "swarm/run/origins.h"

#include <algorithm>
#include <utility>

namespace triggers::swarm {

void Origins::add(std::string option, std::string variable) {
  origins_.push_back({std::move(option), std::move(variable)});
}

std::string Origins::note(std::initializer_list<std::string_view> options) const {
  std::string text;
  for (const std::string_view option : options) {
    const auto origin = std::ranges::find(origins_, option, &Origin::option);
    if (origin == origins_.end()) continue;
    text.append(text.empty() ? " (" : "; ").append(origin->option).append(" is set by ").append(origin->variable);
  }
  return text.empty() ? text : text + ")";
}

}  // namespace triggers::swarm
