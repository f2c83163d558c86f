#include "local_socket.h"

#include <fcntl.h>

namespace triggers {

UniqueFd open_directory(const std::string& data_dir) {
  return UniqueFd(::open(data_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

std::string local_socket_path(const UniqueFd& directory) {
  return "/proc/self/fd/" + std::to_string(directory.get()) + "/admin.sock";
}

}  // namespace triggers
