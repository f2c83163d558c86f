#pragma once

// The command `triggers tables`. The tables are in store/dynamo/tables/tables.h.

#include <string>

#include "config/config.h"

namespace CLI {
class App;
}

namespace triggers {

/// `triggers tables create|check|delete`: the tables of DynamoDB that the configuration names.
class TablesCommand {
 public:
  /// Declares its subcommands below `parent`.
  explicit TablesCommand(CLI::App& parent);
  /// Runs the one that was given. Returns the exit status: 0 if all tables are as they should be, otherwise 1.
  int run(const config::Settings& settings);

 private:
  CLI::App& parent_;
  std::string sure_;
};

}  // namespace triggers
