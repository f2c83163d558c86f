#include "net/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace triggers::net {
namespace {

constexpr int backlog = 4096;

Error failure(const std::string& what, int code) {
  const ErrorCode kind = code == EADDRINUSE ? ErrorCode::conflict : ErrorCode::invalid_argument;
  return Error{kind, what + ": " + std::generic_category().message(code)};
}

void set_option(int fd, int level, int option, int value) noexcept {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

std::uint16_t port_of(int fd) noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

std::string text_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr;
  int family = address.ss_family;
  if (family == AF_INET6) {
    const in6_addr& six = reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
    bytes = &six;
    if (IN6_IS_ADDR_V4MAPPED(&six)) {  // an IPv4 client of a dual-stack socket is known by its IPv4 address
      family = AF_INET;
      bytes = &six.s6_addr[12];
    }
  }
  return ::inet_ntop(family, bytes, text.data(), text.size()) == nullptr ? std::string{} : std::string{text.data()};
}

sockaddr_un local_address(const std::string& path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

/// True if a process accepts connections on `address`.
bool someone_listens(const sockaddr_un& address) {
  const UniqueFd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
}

UniqueFd bound(const addrinfo& address, int& error) {
  UniqueFd socket{::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) {
    error = errno;
    return {};
  }
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 || ::listen(socket.get(), backlog) != 0) {
    error = errno;
    return {};
  }
  return socket;
}

}  // namespace

Result<Listener> Listener::tcp(const std::string& host, std::uint16_t port) {
  const std::string where =
      (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int looked_up = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (looked_up != 0) {
    return Error{ErrorCode::invalid_argument, "cannot listen on " + where + ": " + ::gai_strerror(looked_up)};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    UniqueFd socket = bound(*address, error);
    if (!socket) continue;
    const std::uint16_t taken = port_of(socket.get());
    return Listener{std::move(socket), taken, {}};
  }
  return failure("cannot listen on " + where, error);
}

Result<Listener> Listener::local(const std::string& path, const std::string& name) {
  const std::string& label = name.empty() ? path : name;
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{ErrorCode::invalid_argument, "the path of the local socket has " + std::to_string(path.size()) +
                                                  " bytes, and the system allows 107: " + path};
  }
  const sockaddr_un address = local_address(path);
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return Error{ErrorCode::conflict, "not a socket, and in the way of one: " + label};
    if (someone_listens(address)) return Error{ErrorCode::conflict, "another process listens on " + label};
    ::unlink(path.c_str());
  }
  UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) return failure("cannot make a local socket", errno);
  // The mode of the descriptor becomes the mode of the file that bind() makes: so it is never open to others.
  ::fchmod(socket.get(), S_IRUSR | S_IWUSR);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure("cannot listen on " + label, errno);
  }
  ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
  if (::listen(socket.get(), backlog) != 0) return failure("cannot listen on " + label, errno);
  return Listener{std::move(socket), 0, path};
}

Listener::~Listener() {
  if (socket_ && is_local()) ::unlink(path_.c_str());
}

Accepted Listener::accept() {
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    UniqueFd socket{::accept4(fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (socket) {
      if (is_local()) return {std::move(socket), {}, true, 0};
      set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
      return {std::move(socket), text_of(address), false, 0};
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {};
    // accept(2): pending network errors of the new connection come out here and concern nobody else.
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM || errno == EBADF ||
        errno == EINVAL) {
      return {UniqueFd{}, {}, is_local(), errno};
    }
  }
}

}  // namespace triggers::net
