#pragma once

// Reads the lines of a configuration file. What its names and values mean is in config.h.

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

/// The `name = value` lines of a configuration file of at most 1 MiB, in UTF-8, with or without a byte order mark:
///
///     # A comment: a line, or what follows a value after a blank.
///     name = value
///     name = "a value with  blanks and #"   # or 'in single quotes'; no escapes
///
/// Blanks around name and value, and a CR at the end of a line, are ignored. Error: invalid_argument with the path, and
/// the line if one is at fault.
[[nodiscard]] Result<std::vector<FileLine>> read_file(const std::string& path);
/// The same for a text; `path` is for messages.
[[nodiscard]] Result<std::vector<FileLine>> parse_lines(std::string_view text, const std::string& path);

}  // namespace triggers::config
