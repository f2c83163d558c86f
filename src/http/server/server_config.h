#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "http/wire/message.h"

namespace triggers::http {

/// What a server is started with. Every limit has an answer: see the comment of each.
struct ServerConfig {
  std::string host = "0.0.0.0";  ///< Address or name to listen on.
  std::uint16_t port = 8000;     ///< 0 takes a free one; Server::port() tells which.
  std::string unix_socket_path;  ///< Also listen here (mode 0600); empty: do not.
  std::string unix_socket_name;  ///< What messages call it; empty: its path.
  unsigned threads = 0;          ///< IO threads; 0: chosen from the number of cores.
  std::string tls_cert_path;     ///< PEM chain; with tls_key_path: TLS 1.2 or later on the TCP port.
  std::string tls_key_path;      ///< PEM.
  /// One more takes the place of the one that has waited longest without a request under way (http/eviction.h), which
  /// is closed. If there is none, the new one is answered 503 with Retry-After and closed.
  std::size_t connections_max = 10'000;
  std::size_t refusing_max = 256;            ///< Connections that are being told so at once; more are closed unheard.
  std::size_t header_bytes_max = 32 * 1024;  ///< Request line and fields; more is 431.
  std::size_t body_bytes_max = 512 * 1024;   ///< After decoding; more is 413. See body_bytes_max_for.
  /// The limit for one request's target, if it differs by path (a batch may be larger); may be empty.
  std::function<std::size_t(Method, std::string_view target)> body_bytes_max_for;
  /// Of all bodies that are held at once, from their first byte to their answer, in fair shares for each
  /// Ticket::holder (base/fair_budget.h); a body that finds no room is 503. A body that needs no more than a
  /// connection's buffer does not count.
  std::size_t bodies_bytes_max = 256 * 1024 * 1024;
  /// From the first byte (of a connection's first request: from the accept) to the end of the fields; then 408 and
  /// close.
  std::chrono::milliseconds header_deadline{10'000};
  /// From the end of the fields to the end of the body; then 408 and close.
  std::chrono::milliseconds body_deadline{30'000};
  std::chrono::milliseconds idle_deadline{75'000};   ///< Between requests; then close without a word.
  std::chrono::milliseconds write_deadline{30'000};  ///< For a peer that does not read its answer; then close.
};

}  // namespace triggers::http
