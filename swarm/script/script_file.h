#pragma once

// A script's text, and what all runs of it share: its options, its data files and its tags. One run is in lua_state.h.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "swarm/script/data_file.h"
#include "swarm/script/script_options.h"

namespace triggers::swarm {

struct ScriptFile {
  static constexpr std::size_t bytes_max = std::size_t{16} << 20;

  ScriptFile(std::string file_name, std::string folder, std::string content)
      : name(std::move(file_name)), text(std::move(content)), data(std::move(folder)) {}
  /// Error: `invalid_argument`, which says why the file cannot be a script.
  static Result<std::unique_ptr<ScriptFile>> read(const std::string& path);

  std::string name;  ///< Without its folder, for messages.
  std::string text;
  mutable DataFiles data;
  mutable ScriptOptions options;
  std::vector<std::string> tags, excluded_tags;  ///< Which tasks run; all if both are empty.
};

}  // namespace triggers::swarm
