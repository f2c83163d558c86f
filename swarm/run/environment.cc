#include "swarm/run/environment.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace triggers::swarm {

EnvironmentValues::EnvironmentValues(CLI::App& app) {
  for (CLI::Option* const option : app.get_options()) {
    if (option->get_envname().empty()) continue;
    variables_.push_back({option, option->get_envname()});
    option->envname({});
  }
}

void EnvironmentValues::restore() {
  for (const Variable& one : variables_) one.option->envname(one.name);
}

Result<OptionSources> EnvironmentValues::read() {
  OptionSources sources;
  for (const auto& [option, name] : variables_) {
    const char* const value = std::getenv(name.c_str());
    if (option->count() > 0 || value == nullptr || *value == '\0') continue;
    sources.add(option->get_name(), name);
    try {
      option->add_result(value);
      option->run_callback();
    } catch (const CLI::ParseError& problem) {
      return Error{ErrorCode::invalid_argument, problem.what() + sources.note({option->get_name()})};
    }
  }
  return sources;
}

}  // namespace triggers::swarm
