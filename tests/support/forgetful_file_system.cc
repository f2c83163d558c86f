#include "support/forgetful_file_system.h"

#include <rocksdb/system_clock.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace triggers::testing_support {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

std::string directory_of(const std::string& path) { return fs::path(path).lexically_normal().parent_path().string(); }
std::string normal(const std::string& path) { return fs::path(path).lexically_normal().string(); }

class SleeplessClock final : public rocksdb::SystemClockWrapper {
 public:
  SleeplessClock() : rocksdb::SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  [[nodiscard]] const char* Name() const override { return "triggers.test.sleepless"; }
  void SleepForMicroseconds(int /*micros*/) override {}
};

class Machine final : public rocksdb::EnvWrapper {
 public:
  explicit Machine(const std::shared_ptr<ForgetfulFileSystem>& disk)
      : rocksdb::EnvWrapper(rocksdb::NewCompositeEnv(disk)) {
    file_system_ = disk;
    system_clock_ = std::make_shared<SleeplessClock>();
  }
};

}  // namespace

/// Nothing is really synced: the requested syncs decide which data survives.
class ForgetfulFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSWritableFile> file, ForgetfulFileSystem& system, std::shared_ptr<Extent> extent,
       bool lies)
      : rocksdb::FSWritableFileOwnerWrapper(std::move(file)),
        system_(system),
        extent_(std::move(extent)),
        lies_(lies) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const MutexLock lock(system_.mutex_);
    if (auto status = system_.step(); !status.ok()) return status;
    auto status = target()->Append(data, options, debug);
    if (status.ok()) extent_->written += data.size();
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& /*check*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus PositionedAppend(const Slice& /*data*/, std::uint64_t /*offset*/, const IOOptions& /*options*/,
                            IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("direct writes");
  }
  IOStatus PositionedAppend(const Slice& /*data*/, std::uint64_t /*offset*/, const IOOptions& /*options*/,
                            const rocksdb::DataVerificationInfo& /*check*/, IODebugContext* /*debug*/) override {
    return IOStatus::NotSupported("direct writes");
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    const MutexLock lock(system_.mutex_);
    if (auto status = system_.step(); !status.ok()) return status;
    if (!lies_) extent_->synced = extent_->written;
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  IOStatus RangeSync(std::uint64_t /*offset*/, std::uint64_t /*bytes*/, const IOOptions& /*options*/,
                     IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

 private:
  ForgetfulFileSystem& system_;
  const std::shared_ptr<Extent> extent_;
  const bool lies_;
};

class ForgetfulFileSystem::Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory> directory, ForgetfulFileSystem& system, std::string path)
      : rocksdb::FSDirectoryWrapper(std::move(directory)), system_(system), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    const MutexLock lock(system_.mutex_);
    if (auto status = system_.step(); !status.ok()) return status;
    system_.sync_names(path_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& /*dir_options*/) override {
    return Fsync(options, debug);
  }

 private:
  ForgetfulFileSystem& system_;
  const std::string path_;
};

ForgetfulFileSystem::ForgetfulFileSystem(Options options)
    : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()), options_(std::move(options)), random_(options_.seed) {
  fs::create_directories(options_.trash);
}

bool ForgetfulFileSystem::stopped() const {
  const MutexLock lock(mutex_);
  return stopped_;
}

void ForgetfulFileSystem::stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
}

IOStatus ForgetfulFileSystem::step() {
  if (++operations_ > options_.operations_max && !std::exchange(stopped_, true) && options_.on_stop) options_.on_stop();
  return stopped_ ? IOStatus::IOError("the test's machine has stopped") : IOStatus::OK();
}

IOStatus ForgetfulFileSystem::put_aside(const std::string& path, NameChange& change) {
  const std::string place = options_.trash + "/" + std::to_string(put_aside_++);
  std::error_code error;
  fs::rename(path, place, error);
  if (error) return IOStatus::IOError(path, error.message());
  change.replaced = place;
  change.replaced_name = path;
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  const MutexLock lock(mutex_);
  if (auto status = step(); !status.ok()) return status;
  const std::string path = normal(name);
  NameChange change{.directory = directory_of(path), .made = path};
  if (fs::exists(path)) {
    if (auto status = put_aside(path, change); !status.ok()) return status;
  }
  auto status = target()->NewWritableFile(path, options, file, debug);
  if (!status.ok()) return status;
  auto extent = extents_[path] = std::make_shared<Extent>();
  const bool lies = options_.lies_about_log && path.ends_with(".log");
  *file = std::make_unique<File>(std::move(*file), *this, std::move(extent), lies);
  unsynced_names_.push_back(std::move(change));
  return status;
}

IOStatus ForgetfulFileSystem::ReopenWritableFile(const std::string& /*path*/, const rocksdb::FileOptions& /*options*/,
                                                 std::unique_ptr<rocksdb::FSWritableFile>* /*file*/,
                                                 IODebugContext* /*debug*/) {
  return IOStatus::NotSupported("the model has no files that are opened again");
}

IOStatus ForgetfulFileSystem::ReuseWritableFile(const std::string& /*path*/, const std::string& /*old_path*/,
                                                const rocksdb::FileOptions& /*options*/,
                                                std::unique_ptr<rocksdb::FSWritableFile>* /*file*/,
                                                IODebugContext* /*debug*/) {
  return IOStatus::NotSupported("the model has no files that are used again");
}

IOStatus ForgetfulFileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                           std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) {
  auto status = target()->NewDirectory(path, options, directory, debug);
  if (!status.ok()) return status;
  *directory = std::make_unique<Directory>(std::move(*directory), *this, directory_of(path + "/"));
  return status;
}

IOStatus ForgetfulFileSystem::DeleteFile(const std::string& name, const IOOptions& /*options*/,
                                         IODebugContext* /*debug*/) {
  const MutexLock lock(mutex_);
  if (auto status = step(); !status.ok()) return status;
  const std::string path = normal(name);
  if (!fs::exists(path)) return IOStatus::PathNotFound(path);
  NameChange change{.directory = directory_of(path)};
  if (auto status = put_aside(path, change); !status.ok()) return status;
  unsynced_names_.push_back(std::move(change));
  return IOStatus::OK();
}

IOStatus ForgetfulFileSystem::RenameFile(const std::string& old_name, const std::string& new_name,
                                         const IOOptions& /*options*/, IODebugContext* /*debug*/) {
  const MutexLock lock(mutex_);
  if (auto status = step(); !status.ok()) return status;
  const std::string from = normal(old_name);
  const std::string to = normal(new_name);
  NameChange change{.directory = directory_of(to), .made = to, .was = from};
  if (fs::exists(to)) {
    if (auto status = put_aside(to, change); !status.ok()) return status;
  }
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return IOStatus::IOError(from, error.message());
  if (auto extent = extents_.extract(from)) {
    extents_.erase(to);
    extent.key() = to;
    extents_.insert(std::move(extent));
  }
  unsynced_names_.push_back(std::move(change));
  return IOStatus::OK();
}

void ForgetfulFileSystem::sync_names(const std::string& directory) {
  std::erase_if(unsynced_names_, [&](const NameChange& change) {
    if (change.directory != directory) return false;
    if (change.replaced) fs::remove(*change.replaced);
    return true;
  });
}

void ForgetfulFileSystem::undo(const NameChange& change) {
  if (!change.made.empty() && !change.was.empty()) {
    fs::rename(change.made, change.was);
  } else if (!change.made.empty()) {
    fs::remove(change.made);
  }
  if (change.replaced) fs::rename(*change.replaced, change.replaced_name);
}

void ForgetfulFileSystem::lose_power() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  for (const auto& [path, extent] : extents_) {
    if (!fs::exists(path)) continue;
    // The disk may have the beginning of the data that was not synced.
    std::uniform_int_distribution<std::uint64_t> kept(extent->synced, extent->written);
    fs::resize_file(path, options_.lies_about_log ? extent->synced : kept(random_));
  }
  for (auto change = unsynced_names_.rbegin(); change != unsynced_names_.rend(); ++change) undo(*change);
  unsynced_names_.clear();
  extents_.clear();
}

std::unique_ptr<rocksdb::Env> make_machine(const std::shared_ptr<ForgetfulFileSystem>& disk) {
  return std::make_unique<Machine>(disk);
}

}  // namespace triggers::testing_support
