#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace triggers::swarm {

/// A file whose whole text is replaced now and then. A reader sees the old text or the new one, never a part: the new
/// one is written beside it and renamed. Not for two threads at once.
class ReplacedFile {
 public:
  explicit ReplacedFile(std::string path) : path_(std::move(path)) {}

  /// Does nothing if the file holds this text already. Error: `unavailable`, with the path and the reason; the file
  /// keeps its old text.
  Status replace(std::string text);

 private:
  std::string path_, text_;
  bool written_ = false;
};

/// A file that grows by whole lines. What could not be written (the disk is full) waits for the next call, and a line
/// that was written in part is taken back. Not for two threads at once.
class GrowingFile {
 public:
  /// So much waits at most; what comes then is lost, which is told.
  static constexpr std::size_t waiting_bytes_max = 1 << 20;

  /// Empties the file, or makes it. Error: `unavailable`, with the path and the reason.
  static Result<GrowingFile> create(const std::string& path);
  GrowingFile(GrowingFile&& other) noexcept;
  GrowingFile& operator=(GrowingFile&&) = delete;
  ~GrowingFile();

  /// Error: `unavailable`, with the path and the reason: something waits, or was lost.
  Status append(std::string_view lines);

 private:
  GrowingFile(std::string path, int file) : path_(std::move(path)), file_(file) {}
  /// Writes what waits, and leaves only whole lines in the file; the errno of what failed, or 0.
  int flush();

  std::string path_;
  int file_;
  std::size_t size_ = 0;  // of what is whole
  std::string waiting_;
  std::size_t lost_bytes_ = 0;
};

}  // namespace triggers::swarm
