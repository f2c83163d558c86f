#include "swarm/script/script_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>

namespace triggers::swarm {

Result<std::unique_ptr<ScriptFile>> ScriptFile::read(const std::string& path) {
  const auto refused = [&](const std::string& why) {
    return Error{ErrorCode::invalid_argument, "the script " + path + " " + why};
  };
  if (path.ends_with(".py")) {
    return refused("is a locustfile: swarm runs scripts in Lua. docs/swarm-scripts.md shows how to translate it");
  }
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (error) return refused("cannot be read: " + error.message());
  if (bytes > bytes_max) return refused(fmt::format("has over {} MiB", bytes_max >> 20));
  std::string text(bytes, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.read(text.data(), static_cast<std::streamsize>(bytes))) return refused("cannot be read");
  if (text.starts_with('\x1b')) return refused("is compiled code: swarm runs the text of a script");
  const std::filesystem::path place{path};
  return std::make_unique<ScriptFile>(place.filename().string(), place.parent_path().string(), std::move(text));
}

}  // namespace triggers::swarm
