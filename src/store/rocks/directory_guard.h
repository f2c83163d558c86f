#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "store/rocks/witness.h"

namespace triggers::store {

/// Looks whether the files of an open store are still where they were. A process that has a file open can go on
/// writing to it after somebody has removed it, and nothing of that is found again.
class DirectoryGuard {
 public:
  /// `directory`, `witness`: descriptors of the data directory and of its witness. Remembers which files are there.
  DirectoryGuard(std::string data_dir, int directory, int witness);

  /// What is wrong; empty if nothing is. `record`: what there must be.
  [[nodiscard]] std::string look(const WitnessRecord& record) const;

 private:
  /// A file by what it is, not by its name.
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;

    bool operator==(const Identity&) const = default;
  };
  struct Place {
    std::string path;
    Identity identity;
  };

  void remember(const std::string& path, Identity identity);

  const std::string data_dir_;
  std::vector<Place> places_;
};

}  // namespace triggers::store
