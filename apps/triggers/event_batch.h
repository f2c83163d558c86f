#pragma once

// The lines that `triggers send` sends together.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace triggers {

/// The bounds of a batch, as the service states them.
struct BatchLimits {
  std::size_t events_max = 500;
  std::size_t bytes_max = std::size_t{5} * 1024 * 1024;
};

/// Lines of the input, one behind the other, each with its line feed.
class EventBatch {
 public:
  /// A run of lines in the batch.
  struct Range {
    std::size_t begin = 0, end = 0;
    [[nodiscard]] std::size_t size() const noexcept { return end - begin; }
  };

  /// One line always fits: the service says if it is too large.
  [[nodiscard]] bool has_room(std::size_t line_bytes, const BatchLimits& limits) const noexcept {
    return empty() || (size() < limits.events_max && text_.size() + line_bytes + 1 <= limits.bytes_max);
  }
  void add(std::uint64_t number, std::string_view line) {
    places_.push_back({number, text_.size()});
    text_.append(line).push_back('\n');
  }
  void clear() noexcept {
    places_.clear();
    text_.clear();
  }

  [[nodiscard]] bool empty() const noexcept { return places_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  [[nodiscard]] Range all() const noexcept { return {0, size()}; }
  /// The number that a line has in the input.
  [[nodiscard]] std::uint64_t number(std::size_t index) const { return places_.at(index).number; }
  /// The lines of a range, which is not empty.
  [[nodiscard]] std::string_view text(Range range) const {
    const std::size_t from = places_.at(range.begin).at;
    const std::size_t to = range.end < size() ? places_.at(range.end).at : text_.size();
    return std::string_view(text_).substr(from, to - from);
  }

 private:
  struct Place {
    std::uint64_t number = 0;
    std::size_t at = 0;  // In text_.
  };

  std::vector<Place> places_;
  std::string text_;
};

}  // namespace triggers
