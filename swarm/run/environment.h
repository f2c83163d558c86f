#pragma once

// Reads, from the environment, the options that the command line does not give. The options are in options.h; which of
// them came from there is in option_sources.h.

#include <string>
#include <vector>

#include "base/result.h"
#include "swarm/run/option_sources.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace triggers::swarm {

/// Reads options from the environment that the command line does not give. CLI11 could do it, but its errors would not
/// name the variable.
class EnvironmentValues {
 public:
  /// Removes the variables from the options of `app`, which must outlive this. So `app.parse()` reads only arguments.
  explicit EnvironmentValues(CLI::App& app);

  /// Restores the variables, so that the help shows them.
  void restore();
  /// Reads the variables. Call it after the arguments have been parsed. An empty variable counts as unset. Error:
  /// `invalid_argument`, with the option and the variable.
  [[nodiscard]] Result<OptionSources> read();

 private:
  struct Variable {
    CLI::Option* option;
    std::string name;
  };
  std::vector<Variable> variables_;
};

}  // namespace triggers::swarm
