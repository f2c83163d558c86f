#pragma once

// For tests: a temporary folder.

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

#include <filesystem>
#include <string>

#include "base/invariant.h"

namespace triggers::swarm {

/// A folder that the destructor removes.
class TestFolder {
 public:
  TestFolder() : path_((std::filesystem::temp_directory_path() / "triggers-swarm-XXXXXX").string()) {
    INVARIANT(mkdtemp(path_.data()) != nullptr);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace triggers::swarm
