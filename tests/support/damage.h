#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace triggers::testing_support {

/// Text that LZ4 cannot shorten, so that it stands in a file as it is.
inline std::string incompressible(std::size_t size, unsigned seed) {
  static constexpr char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  std::mt19937 random(seed);
  std::string text(size, ' ');
  for (char& c : text) c = digits[random() % 64];
  return text;
}

/// Flips a bit of the byte in front of the first place where `text` stands in a table file below `directory`; how many
/// files had it. Called twice it leaves the files as they were.
inline int flip_before(const std::string& text, const std::filesystem::path& directory) {
  int flipped = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const std::size_t at = bytes.find(text);
    if (at == std::string::npos || at == 0) continue;
    file.clear();
    file.seekp(static_cast<std::streamoff>(at - 1));
    file.put(static_cast<char>(bytes[at - 1] ^ 1));
    ++flipped;
  }
  return flipped;
}

/// Flips a bit of `text` where it stands in a table file below `directory`; how many files had it.
inline int damage_table_with(const std::string& text, const std::filesystem::path& directory) {
  return flip_before(text.substr(1), directory);
}
/// Undoes damage_table_with().
inline int mend_table_with(const std::string& text, const std::filesystem::path& directory) {
  return flip_before(text.substr(1), directory);
}

}  // namespace triggers::testing_support
