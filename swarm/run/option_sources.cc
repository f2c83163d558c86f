#include "swarm/run/option_sources.h"

#include <algorithm>
#include <utility>

namespace triggers::swarm {

void OptionSources::add(std::string option, std::string variable) {
  sources_.push_back({std::move(option), std::move(variable)});
}

std::string OptionSources::note(std::initializer_list<std::string_view> options) const {
  std::string text;
  for (const std::string_view option : options) {
    const auto source = std::ranges::find(sources_, option, &Source::option);
    if (source == sources_.end()) continue;
    text.append(text.empty() ? " (" : "; ").append(source->option).append(" is set by ").append(source->variable);
  }
  return text.empty() ? text : text + ")";
}

}  // namespace triggers::swarm
