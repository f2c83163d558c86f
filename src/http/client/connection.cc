#include "http/client/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace triggers::http {
namespace {

constexpr std::size_t piece_bytes = 16 * 1024;  // a TLS record

std::string text_of(int code) { return std::generic_category().message(code); }

iovec part(std::string_view bytes) { return iovec{const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

auto ClientConnection::ready(For what) {
  struct Awaiter {
    net::Socket& socket;
    net::Socket::wait_type type;
    net::IoOperation operation{};

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      operation.waiting = waiting;
      socket.async_wait(type, [this](const boost::system::error_code& error) { operation.finish(error, 0); });
    }
    bool await_resume() const noexcept { return !operation.error; }
  };
  return Awaiter{socket_, what == For::read ? net::Socket::wait_read : net::Socket::wait_write};
}

/// False if the deadline passed. The next call on the socket reports any error of it.
Task<bool> ClientConnection::wait(For what) {
  if (expired_) co_return false;
  co_await ready(what);
  co_return !expired_;
}

Task<std::string> ClientConnection::connect(boost::asio::generic::stream_protocol::endpoint address) {
  boost::system::error_code error;
  socket_.close(error);
  socket_.open(address.protocol(), error);
  if (!error) socket_.native_non_blocking(true, error);
  if (error) co_return error.message();
  const int fd = socket_.native_handle();
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, address.data(), static_cast<socklen_t>(address.size())) == 0) co_return std::string{};
  if (errno != EINPROGRESS) co_return text_of(errno);
  const bool in_time = co_await wait(For::write);
  if (!in_time) co_return late();
  int failed = 0;
  socklen_t size = sizeof failed;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size);
  co_return failed == 0 ? std::string{} : text_of(failed);
}

Task<std::string> ClientConnection::handshake(const net::TlsClientContext& context, const std::string& host) {
  tls_ = context.connect(socket_.native_handle(), host);
  for (;;) {
    bool in_time = true;
    switch (tls_->handshake()) {
      case net::TlsClient::Step::done: co_return std::string{};
      case net::TlsClient::Step::wants_read: in_time = co_await wait(For::read); break;
      case net::TlsClient::Step::wants_write: in_time = co_await wait(For::write); break;
      case net::TlsClient::Step::ended: co_return "it closed the connection during the TLS handshake";
      case net::TlsClient::Step::failed: co_return tls_->error();
    }
    if (!in_time) co_return late();
  }
}

Task<std::string> ClientConnection::send(std::string_view head, std::string_view body) {
  if (!tls_) co_return co_await send_plain(head, body);
  std::string why = co_await send_tls(head);
  if (why.empty()) why = co_await send_tls(body);
  co_return why;
}

Task<std::string> ClientConnection::send_plain(std::string_view head, std::string_view body) {
  while (!head.empty() || !body.empty()) {
    std::array<iovec, 2> parts{part(head), part(body)};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      const auto bytes = static_cast<std::size_t>(sent);
      sent_bytes_ += bytes;
      const std::size_t of_head = std::min(bytes, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(bytes - of_head);
    } else if (errno == EAGAIN) {
      const bool in_time = co_await wait(For::write);
      if (!in_time) co_return late();
    } else if (errno != EINTR) {
      co_return text_of(errno);
    }
  }
  co_return std::string{};
}

Task<std::string> ClientConnection::send_tls(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t wrote = 0;
    bool in_time = true;
    switch (tls_->write(bytes, wrote)) {
      case net::TlsClient::Step::done:
        sent_bytes_ += wrote;
        bytes.remove_prefix(wrote);
        break;
      case net::TlsClient::Step::wants_read: in_time = co_await wait(For::read); break;
      case net::TlsClient::Step::wants_write:
        ++sent_bytes_;  // a part of a record may have gone
        in_time = co_await wait(For::write);
        break;
      case net::TlsClient::Step::ended: co_return "it closed the connection";
      case net::TlsClient::Step::failed: co_return tls_->error();
    }
    if (!in_time) co_return late();
  }
  co_return std::string{};
}

Task<std::string> ClientConnection::receive(ResponseParser& parser) {
  std::array<char, piece_bytes> piece;
  // No response can have arrived yet, so it waits before it reads. TLS may have buffered bytes already.
  bool ask = tls_ != nullptr;
  for (;;) {
    if (!ask) {
      const bool in_time = co_await wait(For::read);
      if (!in_time) co_return late();
    }
    ask = false;
    std::size_t got = 0;
    bool ended = false;
    if (tls_) {
      switch (tls_->read(piece, got)) {
        case net::TlsClient::Step::done: ask = true; break;
        case net::TlsClient::Step::wants_read: continue;
        case net::TlsClient::Step::wants_write: {
          const bool in_time = co_await wait(For::write);
          if (!in_time) co_return late();
          ask = true;
          continue;
        }
        case net::TlsClient::Step::ended: ended = true; break;
        case net::TlsClient::Step::failed: co_return tls_->error();
      }
    } else {
      const ssize_t received = ::recv(socket_.native_handle(), piece.data(), piece.size(), MSG_DONTWAIT);
      if (received < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (received < 0) co_return text_of(errno);
      got = static_cast<std::size_t>(received);
      ended = received == 0;
    }
    switch (ended ? parser.end() : parser.feed({piece.data(), got})) {
      case ResponseParser::State::whole: co_return std::string{};
      case ResponseParser::State::broken:
        co_return ended ? (parser.started() ? "the answer was cut off" : "it closed the connection without an answer")
                        : "the answer is not HTTP that this client takes";
      case ResponseParser::State::more: break;
    }
  }
}

void ClientConnection::begin(TimePoint deadline) noexcept {
  deadline_ = deadline;
  expired_ = false;
  sent_bytes_ = 0;
}

void ClientConnection::check_deadline(TimePoint now) noexcept {
  if (expired_ || now < deadline_) return;
  expired_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

bool ClientConnection::stale() noexcept {
  char ignored = 0;
  const ssize_t got = ::recv(socket_.native_handle(), &ignored, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || errno != EAGAIN;
}

void ClientConnection::close() noexcept {
  tls_.reset();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace triggers::http
