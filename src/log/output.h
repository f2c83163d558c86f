#pragma once

// Writes to a pipe or terminal whose reader may stop reading. What is written is in log_line.h.

#include <functional>
#include <string_view>

namespace triggers::log {

/// A descriptor whose reader may stop reading: a pipe, a stopped terminal. One thread at a time.
class Output {
 public:
  /// `descriptor` stays the caller's and must outlive this.
  explicit Output(int descriptor);
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  /// Writes all of `text`, without ever blocking in a write to a pipe, a socket or a terminal. While the reader does
  /// not read, it asks `may_wait` every 50 ms. False if the reader is gone or `may_wait` said no; the rest is then
  /// lost.
  bool write(std::string_view text, const std::function<bool()>& may_wait);

 private:
  [[nodiscard]] std::string_view next_piece(std::string_view text) const;
  [[nodiscard]] bool wait_writable(const std::function<bool()>& may_wait) const;

  int descriptor_;
  bool is_pipe_ = false;
  bool owned_ = false;
};

}  // namespace triggers::log
