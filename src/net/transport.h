#pragma once

// A connected socket, with or without TLS, that coroutines read and write; also the interface of the TLS layer, which
// tls_server.h implements. It knows no HTTP: that is in http/server/session.h and http/client/connection.h.

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/unique_fd.h"

namespace triggers::net {

/// A stream socket of any family, without Asio's type-erased executor on its way.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, boost::asio::io_context::executor_type>;

/// One operation that a coroutine waits for. It lives in the coroutine's frame while the operation runs.
struct IoOperation {
  std::coroutine_handle<> waiting;
  boost::system::error_code error;
  std::size_t bytes = 0;

  void finish(const boost::system::error_code& ended_with, std::size_t moved) {
    error = ended_with;
    bytes = moved;
    waiting.resume();
  }
};

/// TLS over a socket; implemented where OpenSSL is known.
class TlsLayer {
 public:
  TlsLayer() = default;
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;
  virtual ~TlsLayer() = default;

  virtual void handshake(IoOperation& operation) = 0;
  virtual void read_some(std::span<char> space, IoOperation& operation) = 0;
  virtual void write(std::string_view first, std::string_view second, IoOperation& operation) = 0;
  /// Sends close_notify and waits for the peer's.
  virtual void shutdown(IoOperation& operation) = 0;
  /// The first part of a record has been read from the socket, and the rest has not arrived.
  [[nodiscard]] virtual bool holds_part() noexcept = 0;
};

/// A connected socket, with or without TLS, on the socket's thread. One read and one write may be in progress at the
/// same time. After each `turn_bytes_max` read or written, the other connections of the thread have their turn.
class Transport {
 public:
  /// The write after write_now() may exceed it by the bytes that write_now() took.
  static constexpr std::size_t turn_bytes_max = 64 * 1024;

  Transport(boost::asio::io_context& io, UniqueFd socket);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void use_tls(std::unique_ptr<TlsLayer> tls) noexcept { tls_ = std::move(tls); }
  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  [[nodiscard]] bool has_tls() const noexcept { return tls_ != nullptr; }

  /// Awaitables: the result is in the operation. A read of no bytes is an error (end of file).
  auto handshake() {
    return Awaiter{[this](IoOperation& operation) { tls_->handshake(operation); }};
  }
  auto shutdown_tls() {
    return Awaiter{[this](IoOperation& operation) { tls_->shutdown(operation); }};
  }
  auto read_some(std::span<char> space) {
    return Awaiter{[this, space](IoOperation& operation) { start_read(space, operation); }};
  }
  /// Writes both completely.
  auto write(std::string_view first, std::string_view second) {
    return Awaiter{[this, first, second](IoOperation& operation) { start_write(first, second, operation); }};
  }

  /// Writes what the kernel takes at once, up to turn_bytes_max, and returns how much that was; 0 with TLS. The next
  /// write reports an error.
  std::size_t write_now(std::string_view first, std::string_view second) noexcept;

  /// From now on the kernel takes no more to send while it holds so many bytes that it has not sent. Without effect on
  /// a Unix socket.
  void limit_unsent(int bytes) noexcept;

  /// Bytes that have arrived and were not read.
  [[nodiscard]] std::size_t available() noexcept;
  /// Bytes have arrived that read_some() has not returned yet. With TLS they may wait for the rest of their record.
  [[nodiscard]] bool has_untold() noexcept { return available() > 0 || (tls_ && tls_->holds_part()); }
  void shutdown_send() noexcept;
  /// Ends the operations in progress with an error.
  void cancel() noexcept;
  void close() noexcept;

 private:
  template <class Start>
  struct Awaiter {
    explicit Awaiter(Start with) : start(std::move(with)) {}
    Start start;
    IoOperation operation{};

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      operation.waiting = waiting;
      start(operation);
    }
    IoOperation await_resume() const noexcept { return operation; }
  };

  void start_read(std::span<char> space, IoOperation& operation);
  void start_write(std::string_view first, std::string_view second, IoOperation& operation);

  Socket socket_;
  std::unique_ptr<TlsLayer> tls_;
};

}  // namespace triggers::net
