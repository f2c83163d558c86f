#pragma once

// A line at the bottom of a terminal that is redrawn in place. What it says is in progress.h.

#include <cstddef>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// A line below all other output of a terminal that is redrawn in place. It creates the bytes and its owner writes
/// them. If the terminal has become narrower, it has wrapped the old line; then all its rows are removed.
class StatusLine {
 public:
  /// Draws `line` in place of the last one. It may be empty, and must have no control characters other than colours.
  [[nodiscard]] std::string draw(std::string_view line, std::size_t columns);
  /// Prints whole lines of other output above the line.
  [[nodiscard]] std::string above(std::string_view text, std::size_t columns);

 private:
  /// Moves to the beginning of the line.
  [[nodiscard]] std::string back(std::size_t columns) const;

  std::string shown_;
};

}  // namespace triggers::swarm
