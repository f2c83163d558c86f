#include "backup_target.h"

#include <algorithm>
#include <filesystem>

namespace triggers {

namespace fs = std::filesystem;

Status check_backup_target(const std::string& directory, const std::string& data_dir) {
  std::error_code error;
  fs::path target = fs::weakly_canonical(directory, error);
  // Resolve twice: after a name that does not exist yet, `..` may lead back to a link.
  if (!error) target = fs::weakly_canonical(target, error);
  if (error) return Error{ErrorCode::invalid_argument, "cannot look at " + directory + ": " + error.message()};
  const fs::path store = fs::canonical(data_dir, error);
  if (error) return Error{ErrorCode::unavailable, "cannot look at " + data_dir + ": " + error.message()};
  const auto [differs, end] = std::mismatch(store.begin(), store.end(), target.begin(), target.end());
  if (differs != store.end()) return Done{};
  return Error{ErrorCode::invalid_argument,
               directory + " is inside the data directory " + data_dir + ": name a directory outside it"};
}

}  // namespace triggers
