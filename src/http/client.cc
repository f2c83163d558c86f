#include "http/client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>

#include "http/unique_fd.h"

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

std::string name_of(const Endpoint& endpoint) {
  return endpoint.unix_path.empty() ? endpoint.host + ":" + std::to_string(endpoint.port) : endpoint.unix_path;
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

Result<UniqueFd> connect_local(const Endpoint& endpoint, Clock::time_point deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.unix_path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::invalid_argument,
                 "the path of the local socket is longer than 107 bytes: " + endpoint.unix_path};
  }
  std::memcpy(address.sun_path, endpoint.unix_path.data(), endpoint.unix_path.size());
  UniqueFd socket = open_socket(AF_UNIX);
  const int error = connect_to(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
  if (error != 0) return failed_with(name_of(endpoint), error);
  return socket;
}

Result<UniqueFd> connect_tcp(const Endpoint& endpoint, Clock::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int looked_up = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (looked_up != 0) return unreachable(name_of(endpoint), ::gai_strerror(looked_up));
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
  return failed_with(name_of(endpoint), error);
}

std::string wire_form(const Endpoint& endpoint, const Request& request) {
  std::string out;
  out.append(method_name(request.method)).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  if (!request.headers.find("Host")) {
    out.append("Host: ").append(endpoint.unix_path.empty() ? name_of(endpoint) : "localhost").append("\r\n");
  }
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    out.append(name).append(": ").append(value).append("\r\n");
  }
  const bool sends_body = request.method != Method::get && request.method != Method::head;
  if (sends_body || !request.body.empty()) {
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  return out.append("Connection: close\r\n\r\n").append(request.body);
}

/// False if the connection broke or the deadline passed; an answer may have come all the same.
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

/// One message, taken apart as it comes.
class Reply {
 public:
  explicit Reply(bool bodiless) : bodiless_(bodiless) {}

  void append(std::string_view bytes) { text_.append(bytes); }

  enum class State { more, whole, broken };
  State state(bool ended) {
    if (body_at_ == 0) {
      const auto end = text_.find("\r\n\r\n");
      if (end == std::string::npos)
        return ended || text_.size() > client_response_bytes_max ? State::broken : State::more;
      body_at_ = end + 4;
      if (!read_header()) return State::broken;
      if (response_.status / 100 == 1) {  // an interim answer: the real one follows
        text_.erase(0, body_at_);
        body_at_ = 0;
        response_ = {};
        return state(ended);
      }
    }
    const std::size_t have = text_.size() - body_at_;
    if (bodiless_ || response_.status == 204 || response_.status == 304) length_ = 0;
    if (length_ && have >= *length_) return State::whole;
    if (ended) return length_ ? State::broken : State::whole;
    return have > client_response_bytes_max ? State::broken : State::more;
  }

  ClientResponse take() {
    response_.body = text_.substr(body_at_, length_.value_or(std::string::npos));
    return std::move(response_);
  }

 private:
  bool read_header() {
    std::string_view rest = std::string_view(text_).substr(0, body_at_ - 2);
    const std::string_view status_line = next_line(rest);
    if (!status_line.starts_with("HTTP/1.") || status_line.size() < 12) return false;
    if (!read_number(status_line.substr(9, 3), response_.status)) return false;
    while (!rest.empty()) {
      const std::string_view line = next_line(rest);
      const auto colon = line.find(':');
      if (colon == std::string_view::npos) return false;
      const auto value_at = line.find_first_not_of(" \t", colon + 1);
      response_.headers.add(line.substr(0, colon), value_at == std::string_view::npos ? "" : line.substr(value_at));
    }
    length_.reset();
    if (response_.headers.find("Transfer-Encoding")) return false;
    if (const auto declared = response_.headers.find("Content-Length")) {
      return read_number(*declared, length_.emplace());
    }
    return true;
  }

  static std::string_view next_line(std::string_view& rest) {
    const auto end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    return line;
  }

  template <class Number>
  static bool read_number(std::string_view text, Number& number) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size();
  }

  bool bodiless_;
  std::string text_;
  std::size_t body_at_ = 0;  // 0: the header has not ended yet
  std::optional<std::size_t> length_;
  ClientResponse response_;
};

Result<ClientResponse> receive(const Endpoint& endpoint, int socket, bool bodiless, Clock::time_point deadline) {
  Reply reply(bodiless);
  std::array<char, 16 * 1024> piece;
  for (;;) {
    if (!wait_for(socket, POLLIN, deadline)) return unreachable(name_of(endpoint), "no answer in time");
    const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return failed_with(name_of(endpoint), errno);
    reply.append({piece.data(), static_cast<std::size_t>(got)});
    switch (reply.state(got == 0)) {
      case Reply::State::whole: return reply.take();
      case Reply::State::broken: return not_http(name_of(endpoint));
      case Reply::State::more: break;
    }
  }
}

}  // namespace

Result<ClientResponse> exchange(const Endpoint& endpoint, const Request& request, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  auto socket = endpoint.unix_path.empty() ? connect_tcp(endpoint, deadline) : connect_local(endpoint, deadline);
  if (!socket) return std::move(socket).error();
  // A server that refuses a request answers before it has read it all, so the answer is read whatever sending said.
  const bool sent = send_all(socket->get(), wire_form(endpoint, request), deadline);
  auto response = receive(endpoint, socket->get(), request.method == Method::head, deadline);
  if (!response && !sent) return unreachable(name_of(endpoint), "it closed the connection before it had the request");
  return response;
}

}  // namespace triggers::http
