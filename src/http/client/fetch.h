#pragma once

// One blocking request, for commands and tests. Code on an IO loop uses pool.h.

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "http/wire/message.h"

namespace triggers::http {

/// Where a server listens.
struct ServerAddress {
  std::string host = "127.0.0.1";  ///< Address or name.
  std::uint16_t port = 0;
  std::string unix_path = {};  ///< If not empty: this local socket, and not host and port.
};

/// A larger response is an error.
inline constexpr std::size_t client_response_bytes_max = 64 * 1024 * 1024;

/// Sends one request over a connection of its own and waits for the response: for commands and tests. Blocks for at
/// most `timeout` in total. Adds Host (unless it is given), Content-Length and `Connection: close`. Errors:
/// `unavailable` if nobody listens there or the time is over; `internal` if ResponseParser does not accept the
/// response.
Result<ClientResponse> fetch(const ServerAddress& server, const Request& request, std::chrono::milliseconds timeout);

}  // namespace triggers::http
