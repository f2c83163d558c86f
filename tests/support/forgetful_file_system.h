#pragma once

// A disk that loses what was not synced, for crash tests. A disk with errors is in failing_file_system.h.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"

namespace triggers::testing_support {

/// The machine's file system, which can leave files as a loss of power does. Data that was appended to a file and not
/// synced may be lost. Names that were made, changed or removed in a directory are undone if it was not synced since.
/// Any thread, except for lose_power().
///
/// It stops by itself after a number of operations: from then on nothing is written, and every operation fails.
class ForgetfulFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  struct Options {
    std::string trash;  ///< A directory outside the store, for removed files whose removal is not yet synced.
    /// The number of appends, syncs and name changes until the machine stops.
    std::uint64_t operations_max = std::numeric_limits<std::uint64_t>::max();
    bool lies_about_log = false;  ///< Reports a sync of a write-ahead log that did not happen.
    std::uint64_t seed = 0;
  };

  explicit ForgetfulFileSystem(Options options);

  /// True once the machine has stopped.
  [[nodiscard]] bool stopped() const;
  /// Stops the machine now.
  void stop();
  /// Leaves only the surviving data on the disk. Call it after closing everything that used this object.
  void lose_power();

  [[nodiscard]] const char* Name() const override { return "triggers.test.forgetful"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  class File;
  class Directory;

  /// How much of a file that was opened for writing is on the disk.
  struct Extent {
    std::uint64_t written = 0, synced = 0;
  };
  /// A name change after which its directory was not synced.
  struct NameChange {
    std::string directory;
    std::string made{};                     ///< The new name, or empty.
    std::string was{};                      ///< The previous name, or empty.
    std::optional<std::string> replaced{};  ///< The current place of the file that had the name `made` or `was`.
    std::string replaced_name{};
  };

  /// Counts an operation; an error after the machine has stopped.
  rocksdb::IOStatus step() REQUIRES(mutex_);
  rocksdb::IOStatus put_aside(const std::string& path, NameChange& change) REQUIRES(mutex_);
  void undo(const NameChange& change) REQUIRES(mutex_);
  void sync_names(const std::string& directory) REQUIRES(mutex_);

  const Options options_;
  mutable Mutex mutex_;
  std::uint64_t operations_ GUARDED_BY(mutex_) = 0;
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::uint64_t put_aside_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::shared_ptr<Extent>> extents_ GUARDED_BY(mutex_);
  std::vector<NameChange> unsynced_names_ GUARDED_BY(mutex_);
  std::mt19937_64 random_ GUARDED_BY(mutex_);
};

/// A machine with this disk. Its sleeps return at once: RocksDB sleeps for a second after a background failure.
std::unique_ptr<rocksdb::Env> make_machine(const std::shared_ptr<ForgetfulFileSystem>& disk);

}  // namespace triggers::testing_support
