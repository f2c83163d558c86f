#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace triggers::store {

/// A data directory that this process has: held from before its files are looked at until they are closed. (RocksDB's
/// own lock is taken later, and lives in a directory that is not there yet when a store is made.)
class DirectoryLock {
 public:
  /// `conflict` if another has it, `unavailable` if the directory cannot be opened or locked.
  static Result<std::unique_ptr<DirectoryLock>> take(const std::string& directory);

  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  /// Of the directory, whatever its name is now.
  [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }

 private:
  explicit DirectoryLock(UniqueFd directory) : directory_(std::move(directory)) {}

  const UniqueFd directory_;
};

}  // namespace triggers::store
