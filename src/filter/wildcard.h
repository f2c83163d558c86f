#pragma once

// The operator `wildcard`: parsing and matching.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace triggers::filter {

/// A text in which `*` stands for any number of characters, including none. `\*` is an asterisk and `\\` a backslash.
/// There is no other escape, and no two asterisks may be adjacent.
class Wildcard {
 public:
  /// Error: what is wrong, for a person.
  static Result<Wildcard, std::string> parse(std::string_view text);

  /// Linear in the lengths of both. Adds the characters that it compared to `steps`.
  [[nodiscard]] bool matches(std::string_view text, std::uint64_t& steps) const;

 private:
  /// The text between two asterisks, with its table for the algorithm of Knuth, Morris and Pratt.
  struct Part {
    std::string text;
    std::vector<std::size_t> failure;  ///< Of each prefix: the length of its longest border.
  };
  static Part part_of(std::string text);
  /// The earliest end of `part` in `text` from `from` on; npos if it is not there.
  static std::size_t find_end(const Part& part, std::string_view text, std::size_t from, std::uint64_t& steps);

  std::vector<Part> parts_;  ///< One more than there are asterisks; the first and the last may be empty.
};

}  // namespace triggers::filter
