#include "store/rocks/disk/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

namespace triggers::store {

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::take(const std::string& directory) {
  UniqueFd file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file) {
    return Error{ErrorCode::unavailable, "cannot look into " + directory + ": " + std::strerror(errno)};
  }
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(std::move(file)));
  int problem = 0;
  do {
    problem = flock(lock->descriptor(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  } while (problem == EINTR);
  if (problem == EWOULDBLOCK) {
    return Error{ErrorCode::conflict,
                 "another process is using " + directory + ": stop it, or choose another data directory"};
  }
  if (problem != 0) {
    return Error{ErrorCode::unavailable, "cannot lock " + directory + ": " + std::strerror(problem) +
                                             "; the data directory must be on a file system that has flock()"};
  }
  return lock;
}

}  // namespace triggers::store
