#pragma once

// All files of a directory as values: taking and restoring them. Changing single bits is in damage.h.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace triggers::testing_support {

/// Every file below a directory, by its relative name. A directory has the text "/".
using DirectorySnapshot = std::map<std::string, std::string>;

inline DirectorySnapshot read_directory(const std::filesystem::path& directory) {
  DirectorySnapshot files;
  std::error_code gone;
  std::filesystem::recursive_directory_iterator entries(directory, gone);
  for (; !gone && entries != std::filesystem::recursive_directory_iterator(); entries.increment(gone)) {
    std::string& text = files[entries->path().lexically_relative(directory)];
    if (entries->is_directory(gone)) {
      text = "/";
      continue;
    }
    std::ifstream file(entries->path(), std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

/// The directory as of one moment, even if others are changing it: reads until two readings are equal.
inline DirectorySnapshot snapshot(const std::filesystem::path& directory) {
  for (auto before = read_directory(directory);;) {
    auto after = read_directory(directory);
    if (before == after) return after;
    before = std::move(after);
  }
}

/// Recreates the directory from the snapshot.
inline void restore(const DirectorySnapshot& files, const std::filesystem::path& directory) {
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  for (const auto& [name, text] : files) {
    const auto path = directory / name;
    std::filesystem::create_directories(text == "/" ? path : path.parent_path());
    if (text != "/") std::ofstream(path, std::ios::binary) << text;
  }
}

}  // namespace triggers::testing_support
