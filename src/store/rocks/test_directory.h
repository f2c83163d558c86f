#pragma once

// For tests: a temporary directory.

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

#include <filesystem>
#include <string>

#include "base/invariant.h"

namespace triggers::store {

/// For tests: a temporary directory that the destructor removes.
class TestDirectory {
 public:
  TestDirectory() : path_((std::filesystem::temp_directory_path() / "triggers-store-XXXXXX").string()) {
    INVARIANT(mkdtemp(path_.data()) != nullptr);
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace triggers::store
