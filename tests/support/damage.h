#pragma once

// Flips bits in a store's table files. Whole files are removed or replaced with directory_snapshot.h.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace triggers::testing_support {

/// Text that LZ4 cannot compress, so that it appears unchanged in a file.
inline std::string incompressible(std::size_t size, unsigned seed) {
  static constexpr char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  std::mt19937 random(seed);
  std::string text(size, ' ');
  for (char& c : text) c = digits[random() % 64];
  return text;
}

/// Flips a bit of the byte before the first occurrence of `text` in each table file below `directory`. Returns how many
/// files contained it. A second call restores the files.
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

/// Flips a bit of `text` in each table file below `directory` that contains it. Returns how many did.
inline int damage_table_with(const std::string& text, const std::filesystem::path& directory) {
  return flip_before(text.substr(1), directory);
}
/// Undoes damage_table_with().
inline int mend_table_with(const std::string& text, const std::filesystem::path& directory) {
  return flip_before(text.substr(1), directory);
}

}  // namespace triggers::testing_support
