#include "store_owner.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "local_socket.h"

namespace triggers {
namespace {

/// Who holds the store's lock of its directory (flock), as the kernel lists it in proc_locks(5). A reading command has
/// only this one; a server takes it first.
std::optional<pid_t> directory_owner(const std::string& data_dir) {
  struct stat directory{};
  if (::stat(data_dir.c_str(), &directory) != 0) return std::nullopt;
  // Where the file system shows another device than its locks have, the owner stays unknown.
  std::array<char, 64> expected{};
  std::snprintf(expected.data(), expected.size(), "%02x:%02x:%ju", major(directory.st_dev), minor(directory.st_dev),
                std::uintmax_t{directory.st_ino});
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, advisory, access, file;
    pid_t owner = 0;
    if (!(words >> number >> kind >> advisory >> access >> owner >> file)) continue;
    if (kind == "FLOCK" && file == expected.data()) return owner > 0 ? owner : 0;
  }
  return std::nullopt;
}

}  // namespace

// Asks for the lock's owner instead of opening the store: RocksDB renames the LOG of a running process with each try.
// To be called by a process that has not opened this store: closing the file would release that process's own lock.
std::optional<pid_t> store_owner(const std::string& data_dir) {
  if (const auto owner = directory_owner(data_dir)) return owner;
  // A release before this one takes RocksDB's lock only.
  const UniqueFd file(::open((data_dir + "/db/LOCK").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
  return lock.l_pid > 0 ? lock.l_pid : 0;
}

bool server_listens(const std::string& data_dir) {
  const UniqueFd directory = open_directory(data_dir);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!directory || !socket) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = local_socket_path(directory);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  // EAGAIN: the queue of connections is full, so there is a server.
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
}

std::string in_use_text(const std::string& data_dir, pid_t owner) {
  const std::string number = owner > 0 ? " (" + std::to_string(owner) + ")" : "";
  return "another process" + number + " is using " + data_dir + ": stop it, or choose another data directory";
}

}  // namespace triggers
