#pragma once

// Whether an open file still has its name. directory_guard.h and file_watch.h choose the files to ask about.

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace triggers::store {

/// Tells whether a file that this process writes is still the file of that name. A process can go on writing to an open
/// file after somebody has removed, moved, replaced or cut it.
class FileIdentity {
 public:
  /// `directory`: a descriptor of the file's directory, which outlives this, so that no path is resolved. -1: it could
  /// not be opened, and problem() finds nothing.
  FileIdentity(int directory, std::string path);

  /// Empty if the same file is still there with exactly that many bytes. One system call.
  [[nodiscard]] std::string problem(std::uint64_t bytes) const;

 private:
  const int directory_;
  const std::string path_;
  const std::string name_;
  dev_t device_ = 0;
  ino_t inode_ = 0;  ///< 0: not known.
};

}  // namespace triggers::store
