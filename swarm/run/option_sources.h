#pragma once

// Remembers which options came from the environment, for error messages. Reading them is in environment.h.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace triggers::swarm {

/// The options whose values come from the environment. An error about such a value must name the variable, because the
/// command line does not show it.
class OptionSources {
 public:
  void add(std::string option, std::string variable);

  /// A suffix for messages about these options: ` (--host is set by LOCUST_HOST)`. Empty if none of them comes from the
  /// environment.
  [[nodiscard]] std::string note(std::initializer_list<std::string_view> options) const;

 private:
  struct Source {
    std::string option, variable;
  };
  std::vector<Source> sources_;
};

}  // namespace triggers::swarm
