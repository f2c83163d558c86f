#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::filter {

/// A text with `*` for any characters, also none. `\*` is an asterisk and `\\` a backslash; no other escape, and no two
/// asterisks side by side.
class Wildcard {
 public:
  /// Error: what is wrong, for a person.
  static Result<Wildcard, std::string> parse(std::string_view text);

  /// Linear in the lengths of both. Adds what it did to `steps`, in characters.
  [[nodiscard]] bool matches(std::string_view text, std::uint64_t& steps) const;

 private:
  /// What stands between two asterisks, with the table of Knuth, Morris and Pratt.
  struct Part {
    std::string text;
    std::vector<std::size_t> failure;  ///< Of each prefix: the length of its longest border.
  };
  static Part part_of(std::string text);
  /// Where `part` ends in `text` at the earliest, looked for from `from`; npos if nowhere.
  static std::size_t find_end(const Part& part, std::string_view text, std::size_t from, std::uint64_t& steps);

  std::vector<Part> parts_;  ///< One more than there are asterisks; the first and the last may be empty.
};

}  // namespace triggers::filter
