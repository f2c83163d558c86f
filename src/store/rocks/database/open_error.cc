#include "store/rocks/database/open_error.h"

#include <fcntl.h>
#include <rocksdb/env.h>
#include <unistd.h>

#include <filesystem>

#include "store/rocks/database/database_options.h"
#include "store/rocks/database/store_check.h"

namespace triggers::store {

namespace fs = std::filesystem;

Error open_error(const std::string& data_dir, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                             text.find("lock hold by current process") != std::string::npos)) {
    return {ErrorCode::conflict,
            "another process is using " + data_dir + ": stop it, or choose another data directory (" + text + ")"};
  }
  if (status.IsCorruption()) return damaged(data_dir, {text});
  return {ErrorCode::unavailable, "cannot open the store in " + data_dir + ": " + text};
}

Status expect_nobody_else(const DatabaseConfig& config) {
  const std::string path = database_dir(config.data_dir) + "/LOCK";
  std::error_code error;
  if (!fs::exists(path, error)) return Done{};
  rocksdb::Env* const env = config.env != nullptr ? config.env : rocksdb::Env::Default();
  rocksdb::FileLock* lock = nullptr;
  const auto status = env->LockFile(path, &lock);
  if (status.ok()) {
    env->UnlockFile(lock).PermitUncheckedError();
    return Done{};
  }
  // This process reads a directory that it may not write to, so it cannot take the lock.
  if (config.access == Access::read && !status.IsBusy() && faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0)
    return Done{};
  return open_error(config.data_dir, status);
}

}  // namespace triggers::store
