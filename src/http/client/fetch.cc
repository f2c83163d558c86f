#include "http/client/fetch.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "base/unique_fd.h"
#include "http/wire/request_writer.h"
#include "http/wire/response_parser.h"

namespace triggers::http {
namespace {

using Clock = std::chrono::steady_clock;

Error unreachable(const std::string& where, const std::string& why) {
  return Error{ErrorCode::unavailable, "cannot reach " + where + ": " + why};
}

Error failed_with(const std::string& where, int code) {
  return unreachable(where, std::generic_category().message(code));
}

Error not_http(const std::string& where) {
  return Error{ErrorCode::internal, "the answer of " + where + " is not one that this client understands"};
}

std::string name_of(const ServerAddress& server) {
  return server.unix_path.empty() ? server.host + ":" + std::to_string(server.port) : server.unix_path;
}

/// False if the deadline passed first.
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

std::string wire_form(const ServerAddress& server, const Request& request) {
  const std::string host = server.unix_path.empty() ? name_of(server) : "localhost";
  return request_head(request, host, true).append(request.body);
}

/// False if the connection broke or the deadline passed. A response may still have arrived.
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

Result<ClientResponse> receive(const ServerAddress& server, int socket, bool bodiless, Clock::time_point deadline) {
  ResponseParser parser(bodiless, client_response_bytes_max);
  std::array<char, 16 * 1024> piece;
  for (;;) {
    if (!wait_for(socket, POLLIN, deadline)) return unreachable(name_of(server), "no answer in time");
    const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return failed_with(name_of(server), errno);
    switch (got == 0 ? parser.end() : parser.feed({piece.data(), static_cast<std::size_t>(got)})) {
      case ResponseParser::State::whole: return parser.take();
      case ResponseParser::State::broken: return not_http(name_of(server));
      case ResponseParser::State::more: break;
    }
  }
}

}  // namespace

Result<ClientResponse> fetch(const ServerAddress& server, const Request& request, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  auto socket = server.unix_path.empty() ? connect_tcp(server, deadline) : connect_local(server, deadline);
  if (!socket) return std::move(socket).error();
  // A server that refuses a request responds before it has read it all, so the response is read even if sending failed.
  const bool sent = send_all(socket->get(), wire_form(server, request), deadline);
  auto response = receive(server, socket->get(), request.method == Method::head, deadline);
  if (!response && !sent) return unreachable(name_of(server), "it closed the connection before it had the request");
  return response;
}

}  // namespace triggers::http
