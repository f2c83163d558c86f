#pragma once

// Files that are replaced or grow during a test. What is in them is in csv_files.h and html_report.h.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace triggers::swarm {

/// A file whose whole text is replaced from time to time. Readers see the old or the new text, never a part: a new file
/// is written and renamed. Not thread-safe.
class ReplacedFile {
 public:
  explicit ReplacedFile(std::string path) : path_(std::move(path)) {}

  /// Does nothing if the file already has this text. Error: `unavailable`, with the path and the reason; the file keeps
  /// its old text.
  Status replace(std::string text);

 private:
  std::string path_, text_;
  bool written_ = false;
};

/// A file that grows by whole lines. Text that cannot be written, for instance to a full disk, waits for the next call;
/// a partly written line is removed. Not thread-safe.
class GrowingFile {
 public:
  /// The limit on waiting text. More is lost, which add() reports.
  static constexpr std::size_t waiting_bytes_max = 1 << 20;

  /// Creates or empties the file. Error: `unavailable`, with the path and the reason.
  static Result<GrowingFile> create(const std::string& path);
  GrowingFile(GrowingFile&& other) noexcept;
  GrowingFile& operator=(GrowingFile&&) = delete;
  ~GrowingFile();

  /// Error: `unavailable`, with the path and the reason, if text is waiting or was lost.
  Status append(std::string_view lines);

 private:
  GrowingFile(std::string path, int file) : path_(std::move(path)), file_(file) {}
  /// Writes the waiting text and leaves only whole lines in the file. Returns the errno of a failure, or 0.
  int flush();

  std::string path_;
  int file_;
  std::size_t size_ = 0;  // of the whole lines
  std::string waiting_;
  std::size_t lost_bytes_ = 0;
};

}  // namespace triggers::swarm
