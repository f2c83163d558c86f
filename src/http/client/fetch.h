#pragma once

// One blocking request, for commands, tests and Lambda's runtime interface. Code on an IO loop uses pool.h; a response
// that is read while it is made is in streamed_fetch.h.

#include <chrono>

#include "base/result.h"
#include "http/client/server_address.h"
#include "http/wire/message.h"

namespace triggers::http {

/// A larger response is an error.
inline constexpr std::size_t client_response_bytes_max = 64 * 1024 * 1024;

/// Sends one request over a connection of its own and waits for the response: for commands and tests. Blocks for at
/// most `timeout` in total. Adds Host (unless it is given), Content-Length and `Connection: close`. Errors:
/// `unavailable` if nobody listens there or the time is over; `internal` if ResponseParser does not accept the
/// response.
Result<ClientResponse> fetch(const ServerAddress& server, const Request& request, std::chrono::milliseconds timeout);

}  // namespace triggers::http
