#pragma once

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

/// An answer larger than this is an error.
inline constexpr std::size_t client_response_bytes_max = 64 * 1024 * 1024;

/// Sends one request over a connection of its own and waits for the answer: for commands and tests. Blocks, `timeout`
/// at most for everything. Adds Host (unless it is given), Content-Length and `Connection: close`. Errors:
/// `unavailable` if nobody listens there, in the time given; `internal` if the answer is not one that
/// ResponseParser takes.
Result<ClientResponse> fetch(const ServerAddress& server, const Request& request, std::chrono::milliseconds timeout);

}  // namespace triggers::http
