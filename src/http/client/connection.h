#pragma once

// One connection of the client, for one request after the other. Choosing and keeping connections is in shard.h; bytes
// and TLS are in net/transport.h.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "http/wire/response_parser.h"
#include "net/tls_client.h"
#include "net/transport.h"

namespace triggers::http {

/// A client's connection, for one coroutine at a time on its executor's thread. Its owner calls check_deadline() often,
/// which ends whatever runs past the deadline.
class ClientConnection {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit ClientConnection(boost::asio::io_context& io) : socket_(io.get_executor()) {}
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  /// Each returns why it failed, for a person; empty: it succeeded.
  Task<std::string> connect(boost::asio::generic::stream_protocol::endpoint address);
  /// `context` outlives the connection.
  Task<std::string> handshake(const net::TlsClientContext& context, const std::string& host);
  /// sent_bytes() counts the bytes that the kernel has taken.
  Task<std::string> send(std::string_view head, std::string_view body);
  /// Ends when the response is complete (empty), broken or late.
  Task<std::string> receive(ResponseParser& parser);

  /// From now on everything ends by `deadline`.
  void begin(TimePoint deadline) noexcept;
  void check_deadline(TimePoint now) noexcept;
  [[nodiscard]] bool expired() const noexcept { return expired_; }
  [[nodiscard]] std::size_t sent_bytes() const noexcept { return sent_bytes_; }

  /// For a connection between two requests: true if the peer has closed it, or has sent bytes without a request.
  [[nodiscard]] bool stale() noexcept;
  void close() noexcept;

  std::size_t index = 0;  ///< Where it is in the list of connections in use. The shard sets it and the next two.
  TimePoint idle_since{};
  std::chrono::system_clock::time_point idle_since_wall{};

 private:
  enum class For : std::uint8_t { read, write };

  auto ready(For what);
  Task<bool> wait(For what);
  Task<std::string> send_plain(std::string_view head, std::string_view body);
  Task<std::string> send_tls(std::string_view bytes);
  [[nodiscard]] std::string late() const { return "the time was over"; }

  net::Socket socket_;
  std::unique_ptr<net::TlsClient> tls_;
  TimePoint deadline_ = TimePoint::max();
  std::size_t sent_bytes_ = 0;
  bool expired_ = false;
};

}  // namespace triggers::http
