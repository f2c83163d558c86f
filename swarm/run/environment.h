#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "swarm/run/option_sources.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace triggers::swarm {

/// The environment's values for options that the command line does not give. CLI11 would read them as it reads
/// arguments, and its errors would not say where a value came from.
class EnvironmentValues {
 public:
  /// Takes the variables from the options of `app`, which must outlive this; so its parse() reads arguments alone.
  explicit EnvironmentValues(CLI::App& app);

  /// Gives the variables back, so that the help shows them.
  void restore();
  /// Reads the variables after the arguments have been parsed. A variable that is not set or empty counts as absent.
  /// Error: `invalid_argument`, with the option and the variable.
  [[nodiscard]] Result<OptionSources> read();

 private:
  struct Variable {
    CLI::Option* option;
    std::string name;
  };
  std::vector<Variable> variables_;
};

}  // namespace triggers::swarm
