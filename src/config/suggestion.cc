#include "config/suggestion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "base/nearest_name.h"

namespace triggers::config {
namespace {

/// The command that was given, down to its last word: `triggers keys create`.
const CLI::App& innermost(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
  return *at;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    const auto& longs = option->get_lnames();
    names.insert(names.end(), longs.begin(), longs.end());
  }
  return names;
}

std::vector<std::string> commands_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* inner : command.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(inner->get_name());
  return names;
}

}  // namespace

std::string suggestion(const CLI::App& app) {
  const CLI::App& command = innermost(app);
  const auto unknown = app.remaining(true);
  const auto option = std::ranges::find_if(unknown, [](const std::string& word) { return word.starts_with("--"); });
  if (option != unknown.end()) {
    const std::string name = option->substr(2, option->find('=') - 2);
    const std::string near = nearest_name(name, options_of(command));
    return near.empty() ? near : "--" + near;
  }
  return unknown.empty() ? std::string{} : nearest_name(unknown.front(), commands_of(command));
}

}  // namespace triggers::config
