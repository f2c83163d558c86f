#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// What stands below the last line of a terminal and is drawn anew in its place. Makes the bytes that do it; its owner
/// writes them. A terminal that has become narrower since has wrapped the old line: all of its rows are taken away.
class StatusLine {
 public:
  /// Draws `line` (no control characters but colours; it may be empty) instead of the last one, or below the last
  /// output.
  [[nodiscard]] std::string draw(std::string_view line, std::size_t columns);
  /// Other output, of whole lines, above the line, which is drawn again.
  [[nodiscard]] std::string above(std::string_view text, std::size_t columns);

 private:
  /// To the beginning of what is shown.
  [[nodiscard]] std::string back(std::size_t columns) const;

  std::string shown_;
};

}  // namespace triggers::swarm
