#include "net/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>

namespace triggers::net {
namespace asio = boost::asio;

Transport::Transport(asio::io_context& io, UniqueFd socket) : socket_(io.get_executor()) {
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
  boost::system::error_code error;
  socket_.assign(asio::generic::stream_protocol(family, 0), socket.get(), error);
  if (!error) socket.release();
}

void Transport::start_read(std::span<char> space, IoOperation& operation) {
  space = space.first(std::min(space.size(), turn_bytes_max));
  if (tls_) return tls_->read_some(space, operation);
  socket_.async_read_some(
      asio::buffer(space.data(), space.size()),
      [&operation](const boost::system::error_code& error, std::size_t bytes) { operation.finish(error, bytes); });
}

void Transport::start_write(std::string_view first, std::string_view second, IoOperation& operation) {
  if (tls_) return tls_->write(first, second, operation);
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(first), asio::buffer(second)};
  // Asio hands 64 KiB over at a time, each behind what else is ready.
  asio::async_write(socket_, buffers, [&operation](const boost::system::error_code& error, std::size_t bytes) {
    operation.finish(error, bytes);
  });
}

std::size_t Transport::write_now(std::string_view first, std::string_view second) noexcept {
  if (tls_) return 0;
  first = first.substr(0, turn_bytes_max);
  second = second.substr(0, turn_bytes_max - first.size());
  ssize_t sent = 0;
  if (second.empty()) {
    sent = ::send(socket_.native_handle(), first.data(), first.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } else {
    std::array<iovec, 2> parts{iovec{const_cast<char*>(first.data()), first.size()},
                               iovec{const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void Transport::limit_unsent(int bytes) noexcept {
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

std::size_t Transport::available() noexcept {
  int waiting = 0;
  if (::ioctl(socket_.native_handle(), FIONREAD, &waiting) != 0) return 0;
  return static_cast<std::size_t>(waiting);
}

void Transport::shutdown_send() noexcept {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Transport::cancel() noexcept {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Transport::close() noexcept {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace triggers::net
