#pragma once

// The options of a server and their defaults. The program's own options, from which they are set, are in
// config/config.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "http/wire/message.h"

namespace triggers::http {

/// The options of a server. The comment of each limit says what happens when it is reached.
struct ServerConfig {
  std::string host = "0.0.0.0";  ///< Address or name to listen on.
  std::uint16_t port = 8000;     ///< 0: a free one; Server::port() returns it.
  std::string unix_socket_path;  ///< Also listen here (mode 0600); empty: do not.
  std::string unix_socket_name;  ///< What messages call it; empty: its path.
  unsigned threads = 0;          ///< IO threads; 0: chosen from the number of cores.
  std::string tls_cert_path;     ///< PEM chain; with tls_key_path: TLS 1.2 or later on the TCP port.
  std::string tls_key_path;      ///< PEM.
  /// When the server is full, a new connection replaces the one that has waited longest without a request under way
  /// (http/server/eviction.h). If there is none, the new connection gets 503 with Retry-After and is closed.
  std::size_t connections_max = 10'000;
  std::size_t refusing_max =
      256;  ///< Connections that may be getting that 503 at once; more are closed without a response.
  std::size_t header_bytes_max = 32 * 1024;  ///< Request line and fields; more is 431.
  std::size_t body_bytes_max = 512 * 1024;   ///< After decoding; more is 413. See body_bytes_max_for.
  /// The limit for one request's target, if it differs by path (a batch may be larger); may be empty.
  std::function<std::size_t(Method, std::string_view target)> body_bytes_max_for;
  /// Memory of all bodies that are held at once, from their first byte to their response. Each Ticket::holder has a
  /// fair share (base/fair_budget.h). A body that finds no room is 503. A body that fits a connection's buffer does not
  /// count.
  std::size_t bodies_bytes_max = 256 * 1024 * 1024;
  /// From the first byte of a request to the end of its fields; then 408 and close. A connection's first request counts
  /// from the accept.
  std::chrono::milliseconds header_deadline{10'000};
  /// From the end of the fields to the end of the body; then 408 and close.
  std::chrono::milliseconds body_deadline{30'000};
  std::chrono::milliseconds idle_deadline{75'000};   ///< Between requests; then close without a response.
  std::chrono::milliseconds write_deadline{30'000};  ///< For a peer that does not read its response; then close.
};

}  // namespace triggers::http
