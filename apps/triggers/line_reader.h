#pragma once

// Reads lines from a descriptor in bounded memory. What is done with them is in send_lines.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "interrupt.h"

namespace triggers {

/// A line of the input.
struct Line {
  std::uint64_t number = 0;  ///< The first line is 1.
  std::string_view text;     ///< Without its line feed. Good until the next call of LineReader::next().
  std::uint64_t bytes = 0;   ///< Its size, also if it is too long.
  bool too_long = false;     ///< Then `text` is empty.
};

/// Reads lines from a descriptor. Keeps at most one line and one read of 64 KiB in memory: a longer line is skipped.
class LineReader {
 public:
  enum class Outcome : std::uint8_t { line, end, timed_out, interrupted, failed };

  /// `fd` and `interrupt` outlive the reader.
  LineReader(int fd, std::size_t line_bytes_max, const Interrupt& interrupt)
      : fd_(fd), line_bytes_max_(line_bytes_max), interrupt_(interrupt) {}

  /// The next line. The last one needs no line feed. `timed_out`: no whole line came before `deadline`.
  Outcome next(std::chrono::steady_clock::time_point deadline, Line& line);
  /// After `failed`.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  /// How much of the input was read, for a display of progress.
  [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_; }

 private:
  bool take(Line& line);
  bool finish(Line& line, std::size_t end, std::size_t after);
  void drop_what_is_too_long();
  [[nodiscard]] bool read_some();

  const int fd_;
  const std::size_t line_bytes_max_;
  const Interrupt& interrupt_;
  std::string buffer_;
  std::size_t at_ = 0;         // Where the next line begins in buffer_.
  std::size_t searched_ = 0;   // Up to there, buffer_ has no line feed.
  std::uint64_t dropped_ = 0;  // Bytes of a line that is too long, which are not in buffer_ any more.
  std::uint64_t lines_ = 0, bytes_read_ = 0;
  bool ended_ = false;
  std::string error_;
};

}  // namespace triggers
