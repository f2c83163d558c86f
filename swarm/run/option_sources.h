#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace triggers::swarm {

/// The options whose values come from the environment. An error about such a value must name the variable: nothing on
/// the command line shows it.
class OptionSources {
 public:
  void add(std::string option, std::string variable);

  /// ` (--host is set by LOCUST_HOST)`, to end a message about the values of these options; empty if none of them comes
  /// from the environment.
  [[nodiscard]] std::string note(std::initializer_list<std::string_view> options) const;

 private:
  struct Source {
    std::string option, variable;
  };
  std::vector<Source> sources_;
};

}  // namespace triggers::swarm
