#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace triggers::testing_support {

/// The machine's files as a machine that loses its power leaves them: what was appended to a file and not synced may be
/// gone, and so are names that were made, changed or removed in a directory that was not synced since. Any thread, but
/// for lose_power().
///
/// It stops by itself after a number of operations: from then on nothing is written, and everything fails.
class ForgetfulFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  struct Options {
    std::string trash;  ///< A directory outside of the store, for what is removed but not yet for good.
    /// Appends, syncs and changes of names until the machine stops.
    std::uint64_t operations_max = std::numeric_limits<std::uint64_t>::max();
    bool lies_about_log = false;  ///< Says that a write-ahead log was synced, and does not.
    std::uint64_t seed = 0;
  };

  explicit ForgetfulFileSystem(Options options);

  /// True once the machine has stopped.
  [[nodiscard]] bool stopped() const;
  /// Stops the machine now.
  void stop();
  /// Leaves on the disk what survives. After everything that used this object is closed.
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

  /// What is on the disk of a file that was opened for writing.
  struct Extent {
    std::uint64_t written = 0, synced = 0;
  };
  /// A change of names that its directory has not been synced after.
  struct NameChange {
    std::string directory;
    std::string made{};                     ///< The name that is new, or empty.
    std::string was{};                      ///< The name that it had before, or empty.
    std::optional<std::string> replaced{};  ///< Where the file is now that had the name `made` or `was`.
    std::string replaced_name{};
  };

  /// Counts an operation; an error once the machine has stopped. With the lock.
  rocksdb::IOStatus step();
  rocksdb::IOStatus put_aside(const std::string& path, NameChange& change);
  void undo(const NameChange& change);
  void sync_names(const std::string& directory);

  const Options options_;
  mutable std::mutex mutex_;
  std::uint64_t operations_ = 0;
  bool stopped_ = false;
  std::uint64_t put_aside_ = 0;
  std::unordered_map<std::string, std::shared_ptr<Extent>> extents_;
  std::vector<NameChange> unsynced_names_;
  std::mt19937_64 random_;
};

/// A machine with this disk. It does not sleep, as RocksDB does for a second after a failure in the background.
std::unique_ptr<rocksdb::Env> make_machine(const std::shared_ptr<ForgetfulFileSystem>& disk);

}  // namespace triggers::testing_support
