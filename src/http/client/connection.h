#pragma once

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

/// One connection of a client, for one coroutine at a time on its executor's thread. Everything ends by `deadline`,
/// for which somebody calls check_deadline().
class ClientConnection {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit ClientConnection(boost::asio::io_context& io) : socket_(io.get_executor()) {}
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  /// Each returns why it failed, for a person; empty if it did not.
  Task<std::string> connect(boost::asio::generic::stream_protocol::endpoint address);
  /// `context` outlives the connection.
  Task<std::string> handshake(const TlsClientContext& context, const std::string& host);
  /// Counts what was handed to the system in sent_bytes().
  Task<std::string> send(std::string_view head, std::string_view body);
  /// Until the answer is whole (empty), broken or late.
  Task<std::string> receive(ResponseParser& parser);

  /// From now on everything ends by `deadline`.
  void begin(TimePoint deadline) noexcept;
  void check_deadline(TimePoint now) noexcept;
  [[nodiscard]] bool expired() const noexcept { return expired_; }
  [[nodiscard]] std::size_t sent_bytes() const noexcept { return sent_bytes_; }

  /// Of a connection that waits for its next request: true if the peer has closed it, or said something unasked.
  [[nodiscard]] bool stale() noexcept;
  void close() noexcept;

  std::size_t index = 0;   ///< Its place in the list of those in use; the shard's.
  TimePoint idle_since{};  ///< The shard's, as is the next.
  std::chrono::system_clock::time_point idle_since_wall{};

 private:
  enum class For : std::uint8_t { read, write };

  auto ready(For what);
  Task<bool> wait(For what);
  Task<std::string> send_plain(std::string_view head, std::string_view body);
  Task<std::string> send_tls(std::string_view bytes);
  [[nodiscard]] std::string late() const { return "the time was over"; }

  Socket socket_;
  std::unique_ptr<TlsClient> tls_;
  TimePoint deadline_ = TimePoint::max();
  std::size_t sent_bytes_ = 0;
  bool expired_ = false;
};

}  // namespace triggers::http
