#pragma once

// What `triggers send` prints while it sends lines: a result for each, the refused ones, and the progress. Sending is
// in send_lines.h.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "line_result.h"

namespace triggers {

/// Prints results on standard output, one line for each event, unless somebody watches the progress on a terminal.
/// Errors and the progress go to standard error.
class SendReport {
 public:
  struct Options {
    bool as_json = false;
    std::string refused_path;       ///< File that the refused lines are appended to; empty: none.
    std::uint64_t input_bytes = 0;  ///< Size of the input, if it is known; otherwise 0.
  };

  /// Error: the file cannot be opened.
  static Result<std::unique_ptr<SendReport>> create(Options options);
  SendReport(const SendReport&) = delete;
  SendReport& operator=(const SendReport&) = delete;
  ~SendReport();

  /// `line` is the text of the line; empty if it was too long to keep.
  void add(std::uint64_t number, std::string_view line, const LineResult& result);
  /// Why the command does not go on at once. `asked`: the server only wants a pause.
  void waiting(std::uint64_t number, const std::string& why, std::chrono::milliseconds wait, bool asked);
  void progress(std::uint64_t bytes_read);
  /// One line on standard error, where the progress stood.
  void say(const std::string& text);
  /// Makes sure that all results are written. Error: standard output, or the file, does not take them.
  Status flush();
  void summary();

  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  explicit SendReport(Options options);
  void print_result(std::uint64_t number, const LineResult& result);
  void print_refusal(std::uint64_t number, const LineResult& result);
  void show(const std::string& text);
  [[nodiscard]] std::string counts() const;

  const Options options_;
  std::FILE* refused_file_ = nullptr;
  const bool shows_progress_, prints_results_;
  const std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point shown_at_{};
  std::uint64_t accepted_ = 0, duplicates_ = 0, refused_ = 0;
  bool stands_ = false;     // A line of progress is on the terminal.
  bool announced_ = false;  // The failure at this place was printed.
};

}  // namespace triggers
