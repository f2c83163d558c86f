#include "swarm/report/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace triggers::swarm {
namespace {

Error cannot_write(const std::string& path, int error) {
  return {ErrorCode::unavailable, fmt::format("cannot write {}: {}", path, std::generic_category().message(error))};
}

int open_empty(const std::string& path) {
  constexpr mode_t permissions = 0666;  // the umask reduces it, as for any new file
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, permissions);
}

/// The number of bytes written; errno has the reason if not all were.
std::size_t write_all(int file, std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(file, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  return done;
}

}  // namespace

Status ReplacedFile::replace(std::string text) {
  if (written_ && text == text_) return Done{};
  const std::string beside = path_ + ".tmp";
  const int file = open_empty(beside);
  if (file < 0) return cannot_write(path_, errno);
  const bool whole = write_all(file, text) == text.size();
  const int write_error = errno;
  // A network file system may report only here that it is full.
  const bool closed = ::close(file) == 0;
  if (!whole || !closed || std::rename(beside.c_str(), path_.c_str()) != 0) {
    const int error = whole ? errno : write_error;
    ::unlink(beside.c_str());
    return cannot_write(path_, error);
  }
  text_ = std::move(text);
  written_ = true;
  return Done{};
}

Result<GrowingFile> GrowingFile::create(const std::string& path) {
  const int file = open_empty(path);
  if (file < 0) return cannot_write(path, errno);
  return GrowingFile(path, file);
}

GrowingFile::GrowingFile(GrowingFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      size_(other.size_),
      waiting_(std::move(other.waiting_)),
      lost_bytes_(other.lost_bytes_) {}

GrowingFile::~GrowingFile() {
  if (file_ >= 0) ::close(file_);
}

int GrowingFile::flush() {
  const std::size_t written = write_all(file_, waiting_);
  const int error = written < waiting_.size() ? errno : 0;
  const bool part = error != 0 && written > 0;
  if (part && ::ftruncate(file_, static_cast<off_t>(size_)) == 0 &&
      ::lseek(file_, static_cast<off_t>(size_), SEEK_SET) >= 0) {
    return error;
  }
  // This includes a partial line that cannot be removed: the next call continues after it.
  size_ += written;
  waiting_.erase(0, written);
  return error;
}

Status GrowingFile::append(std::string_view lines) {
  if (waiting_.size() + lines.size() <= waiting_bytes_max) {
    waiting_ += lines;
  } else {
    lost_bytes_ += lines.size();
  }
  if (const int error = flush(); error != 0) return cannot_write(path_, error);
  if (lost_bytes_ == 0) return Done{};
  return Error{ErrorCode::unavailable,
               fmt::format("{} lacks {} bytes: writes failed for too long", path_, lost_bytes_)};
}

}  // namespace triggers::swarm
