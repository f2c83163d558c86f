#include "http/client/test_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "base/invariant.h"

namespace triggers::http {

std::string TestPeer::Connection::read_request() {
  std::array<char, 16 * 1024> piece;
  for (;;) {
    const auto end = unread_.find("\r\n\r\n");
    if (end != std::string::npos) {
      constexpr std::string_view name = "Content-Length: ";
      const auto length = unread_.find(name);
      const std::size_t body = length < end ? std::stoul(unread_.substr(length + name.size())) : 0;
      if (unread_.size() >= end + 4 + body) {
        std::string request = unread_.substr(0, end + 4 + body);
        unread_.erase(0, request.size());
        return request;
      }
    }
    const ssize_t got = ::recv(fd_, piece.data(), piece.size(), 0);
    if (got <= 0) return {};
    unread_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

void TestPeer::Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void TestPeer::Connection::answer(std::string_view body, unsigned status, std::string_view fields) {
  send("HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + std::string(fields) +
       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}

void TestPeer::Connection::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void TestPeer::Connection::await_close() {
  std::array<char, 1024> ignored;
  while (::recv(fd_, ignored.data(), ignored.size(), 0) > 0) {
  }
}

void TestPeer::Connection::await_end() {
  pollfd waiting{fd_, 0, 0};  // POLLHUP and POLLERR come unasked
  ::poll(&waiting, 1, -1);
}

TestPeer::TestPeer(std::function<void(Connection&)> serve)
    : serve_(std::move(serve)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  INVARIANT(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
  INVARIANT(::listen(listener_.get(), 64) == 0);
  INVARIANT(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TestPeer::~TestPeer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  {
    const MutexLock lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : serving_) thread.join();
}

void TestPeer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    {
      const MutexLock lock(mutex_);
      open_.push_back(fd);
    }
    ++accepted_;
    serving_.emplace_back([this, fd] {
      Connection connection(fd);
      serve_(connection);
      const MutexLock lock(mutex_);
      std::erase(open_, fd);
      ::close(fd);
    });
  }
}

}  // namespace triggers::http
