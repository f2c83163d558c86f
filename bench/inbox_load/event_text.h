#pragma once

// The events that a run sends: the same text for every candidate, with a number by which the run knows each again.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::bench {

/// Makes and recognizes the events of one run. They are as long as those of wrk/unique_posts.lua, and have its members.
class EventText {
 public:
  /// `run` distinguishes the events of this run from those of others: 24 letters, digits or dashes.
  explicit EventText(std::string_view run);
  static constexpr std::size_t run_size = 24;

  void append(std::string& text, std::uint64_t number) const;
  [[nodiscard]] std::size_t size() const noexcept { return before_.size() + digits + after_.size(); }
  /// The number of the first event of this run that `text` contains. It may be escaped as in a JSON string.
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view text) const;

 private:
  static constexpr std::size_t digits = 12;
  std::string run_, before_, after_;
};

}  // namespace triggers::bench
