#include "service_manager.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "log/log.h"

namespace triggers {
namespace {

/// A service manager that reads slowly gets the message. One that does not read must not block the service.
constexpr std::chrono::seconds wait_max{1};
/// How often it checks whether it may continue to wait.
constexpr timeval look_interval{.tv_sec = 0, .tv_usec = 20'000};

/// 0, or the error's number.
int send_while_it_may(int socket, const sockaddr_un& address, socklen_t size, std::string_view state,
                      const std::function<bool()>& stop_asked) {
  const auto deadline = std::chrono::steady_clock::now() + wait_max;
  int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  for (;;) {
    if (::sendto(socket, state.data(), state.size(), flags, reinterpret_cast<const sockaddr*>(&address), size) >= 0) {
      return 0;
    }
    const int problem = errno;
    if (problem != EAGAIN || stop_asked() || std::chrono::steady_clock::now() >= deadline) return problem;
    flags = MSG_NOSIGNAL;
  }
}

/// 0, or the error's number. `name` begins with `/`, or with `@` for a name in the abstract namespace.
int send_to(std::string_view name, std::string_view state, const std::function<bool()>& stop_asked) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path || (name.front() != '/' && name.front() != '@')) return EINVAL;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  int problem = 0;
  if (::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &look_interval, sizeof look_interval) != 0) {
    problem = errno;
  } else {
    problem = send_while_it_may(socket, address, size, state, stop_asked);
  }
  ::close(socket);
  return problem;
}

}  // namespace

void tell_service_manager(std::string_view state, const std::function<bool()>& stop_asked) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return;
  if (const int problem = send_to(name, state, stop_asked); problem != 0) {
    log::warning("service_manager_not_told", {{"state", state}, {"cause", std::strerror(problem)}});
  }
}

}  // namespace triggers
