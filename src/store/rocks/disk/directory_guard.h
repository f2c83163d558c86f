#pragma once

// Checks an open store's small files and directories: present, unreplaced, unchanged. Tables are checked in
// table_size_check.h, logs and the manifest in file_watch.h.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "store/rocks/disk/witness.h"

namespace triggers::store {

/// Checks that the files of an open store are still in place. A process can go on writing to an open file after
/// somebody has removed it; what it writes then is lost.
class DirectoryGuard {
 public:
  /// `directory`: a descriptor of the data directory. `witness` outlives this. Remembers which files are there.
  DirectoryGuard(std::string data_dir, int directory, const Witness& witness);

  /// What is wrong; empty if nothing is. `record`: the files that must exist.
  [[nodiscard]] std::string check(const WitnessRecord& record) const;

 private:
  /// Identifies a file whatever its name.
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;

    bool operator==(const Identity&) const = default;
  };
  struct WatchedPath {
    std::string path;
    Identity identity;
  };

  /// A small file that does not change.
  struct Text {
    std::string path;
    std::string text;
  };

  void remember(const std::string& path, Identity identity);
  void remember_text(const std::string& path);
  [[nodiscard]] std::string witness_problem(const WitnessRecord& record) const;

  const std::string data_dir_;
  const Witness& witness_;
  std::vector<WatchedPath> watched_paths_;
  std::vector<Text> texts_;
};

}  // namespace triggers::store
