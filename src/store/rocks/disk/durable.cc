#include "store/rocks/disk/durable.h"

#include <fcntl.h>
#include <rocksdb/file_checksum.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/encoding.h"
#include "base/unique_fd.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& what, const std::string& path, int cause) {
  return {ErrorCode::unavailable, "cannot " + what + " " + path + ": " + std::strerror(cause)};
}

/// Writes and syncs.
bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(file) == 0;
}

Status sync(const fs::path& path, int flags) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags));
  if (!file || fsync(file.get()) != 0) return failed("sync", path, errno);
  return Done{};
}

}  // namespace

Status sync_directory(const fs::path& path) { return sync(path, O_DIRECTORY); }

Status sync_file(const fs::path& path) { return sync(path, 0); }

Status sync_parent(const std::string& path) {
  std::error_code error;
  const auto whole = fs::absolute(path, error);
  if (error) return Error{ErrorCode::unavailable, "cannot find the directory of " + path + ": " + error.message()};
  return sync_directory(whole.lexically_normal().parent_path());
}

Status write_durably(const std::string& path, std::string_view text) {
  const std::string partial = path + ".partial." + std::to_string(getpid());
  UniqueFd file(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) return failed("write", partial, errno);
  bool good = write_all(file.get(), text);
  int cause = errno;
  if (close(file.release()) != 0 && good) {
    good = false;
    cause = errno;
  }
  if (good && rename(partial.c_str(), path.c_str()) != 0) {
    good = false;
    cause = errno;
  }
  if (!good) {
    unlink(partial.c_str());
    return failed("write", path, cause);
  }
  return sync_parent(path);
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int cause = errno;
    auto error = failed("read", path, cause);
    if (cause == ENOENT) error.code = ErrorCode::not_found;
    return error;
  }
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return failed("read", path, errno);
  return text;
}

Result<std::string> file_checksum(const std::string& path, std::uint64_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return failed("read", path, errno);
  const auto sum = rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator({});
  std::string block(std::size_t{1024} * 1024, '\0');
  while (file && bytes_max > 0) {
    const auto wanted = std::min<std::uint64_t>(block.size(), bytes_max);
    file.read(block.data(), static_cast<std::streamsize>(wanted));
    const auto read = static_cast<std::size_t>(file.gcount());
    sum->Update(block.data(), read);
    bytes_max -= read;
  }
  if (file.bad()) return failed("read", path, errno);
  sum->Finalize();
  return to_hex(sum->GetChecksum());
}

}  // namespace triggers::store
