// The RocksDB Env that reports every operation on the database's files to FileWatch (file_watch.h declares it). It also
// finds out when a log or manifest was replaced or cut, cuts off incomplete writes, and marks shortages as retryable.
// What FileWatch keeps is in file_watch.cc.

#include <fcntl.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "base/unique_fd.h"
#include "store/rocks/disk/disk_space.h"
#include "store/rocks/disk/file_identity.h"
#include "store/rocks/disk/file_watch.h"

namespace triggers::store {
namespace {

namespace fs = std::filesystem;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr std::string_view log_suffix = ".log";
constexpr std::string_view manifest_prefix = "MANIFEST-";

std::string normal(const std::string& path) {
  auto whole = fs::path(path).lexically_normal();
  return whole.has_filename() ? whole.string() : whole.parent_path().string();
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Room, descriptors, memory: shortages that may be over a moment later.
bool is_shortage(const IOStatus& status) {
  if (status.ok()) return false;
  if (status.IsNoSpace()) return true;
  if (!status.IsIOError()) return false;
  return names_shortage(status.ToString());
}

/// RocksDB allocates space ahead of what it writes: 110 % of a memtable for each log. On a small disk, one new log
/// would take the reserve.
constexpr std::uint64_t preallocations_per_disk = 64;

/// RocksDB resumes only after errors that are marked as retryable. After NoSpace it expects its SstFileManager to
/// resume.
IOStatus passing(IOStatus status) {
  if (!is_shortage(status)) return status;
  const char* const text = status.getState();
  IOStatus marked = IOStatus::IOError(text != nullptr ? text : "No space left on device");
  marked.SetRetryable(true);
  return marked;
}

/// A file that allocates at most so much space ahead of what is written.
class SparingFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  SparingFile(std::unique_ptr<FSWritableFile> file, std::size_t preallocation_max)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(file)), preallocation_max_(preallocation_max) {}

  void SetPreallocationBlockSize(std::size_t size) final {
    target()->SetPreallocationBlockSize(std::min(size, preallocation_max_));
  }

 private:
  const std::size_t preallocation_max_;
};

/// A file that nothing depends on while it is written: after a failure RocksDB discards it.
class OtherFile final : public SparingFile {
 public:
  OtherFile(std::unique_ptr<FSWritableFile> file, std::size_t preallocation_max, FileWatch& watch)
      : SparingFile(std::move(file), preallocation_max), watch_(watch) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const FileWatch::Working working(&watch_);
    return tell(target()->Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& check,
                  IODebugContext* debug) override {
    const FileWatch::Working working(&watch_);
    return tell(target()->Append(data, options, check, debug));
  }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t bytes, const IOOptions& options,
                     IODebugContext* debug) override {
    const FileWatch::Working working(&watch_);
    return target()->RangeSync(offset, bytes, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const FileWatch::Working working(&watch_);
    return target()->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const FileWatch::Working working(&watch_);
    return target()->Fsync(options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    const FileWatch::Working working(&watch_);
    return target()->Close(options, debug);
  }

 private:
  IOStatus tell(IOStatus status) {
    if (is_shortage(status)) watch_.failed({FileWatch::Trouble::Kind::shortage, status.ToString()});
    return passing(std::move(status));
  }

  FileWatch& watch_;
};

/// A log or a manifest: a file that grows, and whose whole records count.
class GrowingFile final : public SparingFile {
 public:
  using Synced = std::function<void(std::uint64_t bytes)>;

  /// `log`: its number; 0 if it is a manifest.
  GrowingFile(std::unique_ptr<FSWritableFile> file, std::size_t preallocation_max, FileIdentity identity,
              FileWatch& watch, std::uint64_t log, Synced synced)
      : SparingFile(std::move(file), preallocation_max),
        identity_(std::move(identity)),
        watch_(watch),
        log_(log),
        synced_(std::move(synced)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const FileWatch::Working working(log_ == 0 ? &watch_ : nullptr);
    if (auto intact = check_identity(); !intact.ok()) return intact;
    auto status =
        cut_ ? target()->PositionedAppend(data, bytes_, options, debug) : target()->Append(data, options, debug);
    if (!status.ok()) return cut_off(std::move(status), options, debug);
    bytes_ += data.size();
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& /*check*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const FileWatch::Working working(log_ == 0 ? &watch_ : nullptr);
    return tell(target()->Sync(options, debug));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const FileWatch::Working working(log_ == 0 ? &watch_ : nullptr);
    return tell(target()->Fsync(options, debug));
  }

 private:
  /// Checks once for each sync, before the write: after the next write, a file that was cut has its size again.
  IOStatus check_identity() {
    if (std::exchange(checked_, true)) return IOStatus::OK();
    auto problem = identity_.problem(bytes_);
    if (problem.empty()) return IOStatus::OK();
    auto status = IOStatus::IOError(problem);
    watch_.failed({FileWatch::Trouble::Kind::lost, std::move(problem)});
    return status;
  }
  /// Cuts off a write that is incomplete, so that nothing is in doubt.
  IOStatus cut_off(IOStatus status, const IOOptions& options, IODebugContext* debug) {
    const bool cut = is_shortage(status) && target()->Truncate(bytes_, options, debug).ok();
    const auto kind = cut ? FileWatch::Trouble::Kind::shortage : FileWatch::Trouble::Kind::doubt;
    watch_.failed({kind, status.ToString(), log_});
    if (!cut) return status;
    cut_ = true;  // The descriptor's own place may be behind the new end.
    return passing(std::move(status));
  }
  /// After a sync that failed, the next may succeed although the pages are gone.
  IOStatus tell(IOStatus status) {
    checked_ = false;
    if (status.ok()) {
      synced_(bytes_);
    } else {
      watch_.failed({FileWatch::Trouble::Kind::doubt, status.ToString()});
    }
    return status;
  }

  const FileIdentity identity_;
  FileWatch& watch_;
  const std::uint64_t log_;
  const Synced synced_;
  std::uint64_t bytes_ = 0;
  bool cut_ = false;
  bool checked_ = false;
};

class WatchedDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  WatchedDirectory(std::unique_ptr<rocksdb::FSDirectory> directory, FileWatch& watch)
      : rocksdb::FSDirectoryWrapper(std::move(directory)), watch_(watch) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const FileWatch::Working working(&watch_);
    return tell(rocksdb::FSDirectoryWrapper::Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& reason) override {
    const FileWatch::Working working(&watch_);
    return tell(rocksdb::FSDirectoryWrapper::FsyncWithDirOptions(options, debug, reason));
  }

 private:
  IOStatus tell(IOStatus status) {
    if (status.ok()) {
      watch_.directory_synced();
    } else {
      watch_.failed({FileWatch::Trouble::Kind::doubt, status.ToString()});
    }
    return status;
  }

  FileWatch& watch_;
};

class WatchedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  WatchedFileSystem(const std::shared_ptr<rocksdb::FileSystem>& base, const std::string& directory, FileWatch& watch)
      : rocksdb::FileSystemWrapper(base), directory_(normal(directory)), watch_(watch) {}

  [[nodiscard]] const char* Name() const override { return "triggers.watched"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override {
    const FileWatch::Working working(&watch_);
    auto status = tell(target()->NewWritableFile(path, options, file, debug));
    if (status.ok()) *file = watched(path, std::move(*file));
    return status;
  }
  IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file, IODebugContext* debug) override {
    return tell(target()->NewRandomAccessFile(path, options, file, debug));
  }
  IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file, IODebugContext* debug) override {
    return tell(target()->NewSequentialFile(path, options, file, debug));
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) override {
    auto status = tell(target()->NewDirectory(path, options, directory, debug));
    if (status.ok() && normal(path) == directory_) {
      *directory = std::make_unique<WatchedDirectory>(std::move(*directory), watch_);
    }
    return status;
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* debug) override {
    if (const auto number = log_number(path)) watch_.log_goes(*number);
    return target()->DeleteFile(path, options, debug);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    const FileWatch::Working working(&watch_);
    auto status = tell(target()->RenameFile(from, to, options, debug));
    if (status.ok() && normal(to) == directory_ + "/CURRENT") watch_.current_renamed();
    return status;
  }

 private:
  /// For an operation that writes nothing when it fails.
  IOStatus tell(IOStatus status) {
    if (is_shortage(status)) watch_.failed({FileWatch::Trouble::Kind::shortage, status.ToString()});
    return passing(std::move(status));
  }

  /// The file's name if it is one of the database's own; a backup is written through this file system too.
  [[nodiscard]] std::optional<std::string> own_name(const std::string& path) const {
    const fs::path whole = fs::path(path).lexically_normal();
    if (whole.parent_path().string() != directory_) return std::nullopt;
    return whole.filename().string();
  }
  [[nodiscard]] std::optional<std::uint64_t> log_number(const std::string& path) const {
    const auto name = own_name(path);
    if (!name || !name->ends_with(log_suffix)) return std::nullopt;
    return number_of(std::string_view(*name).substr(0, name->size() - log_suffix.size()));
  }
  [[nodiscard]] std::optional<std::uint64_t> manifest_number(const std::string& path) const {
    const auto name = own_name(path);
    if (!name || !name->starts_with(manifest_prefix)) return std::nullopt;
    return number_of(std::string_view(*name).substr(manifest_prefix.size()));
  }

  std::unique_ptr<FSWritableFile> watched(const std::string& path, std::unique_ptr<FSWritableFile> file) {
    if (const auto number = log_number(path)) {
      GrowingFile::Synced synced = [log = watch_.log_made(*number)](std::uint64_t bytes) {
        log->synced.store(bytes, std::memory_order_release);
      };
      return std::make_unique<GrowingFile>(std::move(file), preallocation_max(), FileIdentity(own_directory(), path),
                                           watch_, *number, std::move(synced));
    }
    if (const auto number = manifest_number(path)) {
      GrowingFile::Synced synced = [this, number](std::uint64_t bytes) { watch_.manifest_synced({*number, bytes}); };
      return std::make_unique<GrowingFile>(std::move(file), preallocation_max(), FileIdentity(own_directory(), path),
                                           watch_, 0, std::move(synced));
    }
    return std::make_unique<OtherFile>(std::move(file), preallocation_max(), watch_);
  }

  [[nodiscard]] std::size_t preallocation_max() const {
    const std::uint64_t total = measure_disk(directory_).total_bytes;
    return total == 0 ? std::numeric_limits<std::size_t>::max() : total / preallocations_per_disk;
  }

  /// Opened when the first file is made: the directory may not have been there before.
  int own_directory() {
    std::call_once(opened_,
                   [this] { descriptor_ = UniqueFd(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); });
    return descriptor_.get();
  }

  const std::string directory_;
  FileWatch& watch_;
  std::once_flag opened_;
  UniqueFd descriptor_;
};

class WatchedEnv final : public rocksdb::EnvWrapper {
 public:
  WatchedEnv(rocksdb::Env* base, const std::string& directory, FileWatch& watch) : rocksdb::EnvWrapper(base) {
    file_system_ = std::make_shared<WatchedFileSystem>(base->GetFileSystem(), directory, watch);
    system_clock_ = base->GetSystemClock();
  }
};

}  // namespace

bool names_shortage(const std::string& text) {
  constexpr std::array causes{ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM};
  return std::ranges::any_of(causes, [&](int cause) { return text.find(std::strerror(cause)) != std::string::npos; });
}

std::unique_ptr<rocksdb::Env> make_watched_env(rocksdb::Env* base, const std::string& directory, FileWatch& watch) {
  return std::make_unique<WatchedEnv>(base, directory, watch);
}

}  // namespace triggers::store
