#pragma once

// The lock that gives a data directory to one process. Which process has it is in apps/triggers/store_owner.h.

#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace triggers::store {

/// The lock on a data directory. The process takes it before it examines the files, and releases it after it has closed
/// them. (RocksDB's own lock is taken later, and lives in a directory that is not there yet when a store is made.)
class DirectoryLock {
 public:
  /// `conflict` if another process has it, `unavailable` if the directory cannot be opened or locked.
  static Result<std::unique_ptr<DirectoryLock>> take(const std::string& directory);

  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  /// The descriptor of the directory, whatever its name is now.
  [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }

 private:
  explicit DirectoryLock(UniqueFd directory) : directory_(std::move(directory)) {}

  const UniqueFd directory_;
};

}  // namespace triggers::store
