#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::config {

struct FileLine {
  int number = 0;
  std::string name;
  std::string value;
};

/// The `name = value` lines of a configuration file of at most 1 MiB. Error: invalid_argument with the path, and the
/// line if one is at fault.
[[nodiscard]] Result<std::vector<FileLine>> read_file(const std::string& path);
/// The same of a text; `path` is for messages.
[[nodiscard]] Result<std::vector<FileLine>> parse_lines(std::string_view text, const std::string& path);

}  // namespace triggers::config
