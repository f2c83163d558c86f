#include "service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "log/log.h"

namespace triggers {
namespace {

/// 0, or the error's number. `name` begins with `/`, or with `@` for a name in the abstract namespace.
int send_to(std::string_view name, std::string_view state) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path || (name.front() != '/' && name.front() != '@')) return EINVAL;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  // A service manager that does not read must not hold the service up.
  const auto sent = ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&address), size);
  const int problem = sent < 0 ? errno : 0;
  ::close(socket);
  return problem;
}

}  // namespace

void tell_service_manager(std::string_view state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return;
  if (const int problem = send_to(name, state); problem != 0) {
    log::warning("service_manager_not_told", {{"state", state}, {"cause", std::strerror(problem)}});
  }
}

}  // namespace triggers
