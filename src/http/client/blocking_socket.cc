#include "http/client/blocking_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace triggers::http {
namespace {

using Clock = std::chrono::steady_clock;

/// 0, or an errno. `socket` is not blocking.
int connect_to(int socket, const sockaddr* address, socklen_t size, Clock::time_point deadline) {
  if (::connect(socket, address, size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(socket, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t error_size = sizeof error;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &error_size);
  return error;
}

UniqueFd open_socket(int family) { return UniqueFd{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)}; }

Result<UniqueFd> connect_local(const ServerAddress& server, Clock::time_point deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (server.unix_path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::invalid_argument,
                 "the path of the local socket is longer than 107 bytes: " + server.unix_path};
  }
  std::memcpy(address.sun_path, server.unix_path.data(), server.unix_path.size());
  UniqueFd socket = open_socket(AF_UNIX);
  const int error = connect_to(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
  if (error != 0) return failed_with(name_of(server), error);
  return socket;
}

Result<UniqueFd> connect_tcp(const ServerAddress& server, Clock::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int looked_up = ::getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found);
  if (looked_up != 0) return unreachable(name_of(server), ::gai_strerror(looked_up));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    UniqueFd socket = open_socket(address->ai_family);
    error = connect_to(socket.get(), address->ai_addr, address->ai_addrlen, deadline);
    if (error != 0) continue;
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return socket;
  }
  return failed_with(name_of(server), error);
}

}  // namespace

std::string name_of(const ServerAddress& server) {
  return server.unix_path.empty() ? server.host + ":" + std::to_string(server.port) : server.unix_path;
}

Error unreachable(const std::string& where, const std::string& why) {
  return Error{ErrorCode::unavailable, "cannot reach " + where + ": " + why};
}

Error failed_with(const std::string& where, int code) {
  return unreachable(where, std::generic_category().message(code));
}

bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{fd, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // the operation itself will say what is wrong
  }
}

Result<UniqueFd> connect_blocking(const ServerAddress& server, Clock::time_point deadline) {
  return server.unix_path.empty() ? connect_tcp(server, deadline) : connect_local(server, deadline);
}

bool send_all(int socket, std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(socket, POLLOUT, deadline)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace triggers::http
