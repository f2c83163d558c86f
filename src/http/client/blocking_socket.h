#pragma once

// Sockets of requests that block their thread: fetch.h and streamed_fetch.h. Those of IO loops are in connection.h.

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "http/client/server_address.h"

namespace triggers::http {

/// For messages: the host and port, or the path of the local socket.
[[nodiscard]] std::string name_of(const ServerAddress& server);
/// `unavailable`: the server cannot be reached, and why.
[[nodiscard]] Error unreachable(const std::string& where, const std::string& why);
[[nodiscard]] Error failed_with(const std::string& where, int code);

/// Waits for these events of poll(2). False if the deadline passed first.
[[nodiscard]] bool wait_for(int fd, short events, std::chrono::steady_clock::time_point deadline);

/// A connected socket, on which no call blocks. Tries each address of the host. Errors: `unavailable`;
/// `invalid_argument` if the path of the local socket is too long.
[[nodiscard]] Result<UniqueFd> connect_blocking(const ServerAddress& server,
                                                std::chrono::steady_clock::time_point deadline);

/// False if the connection broke or the deadline passed. A response may still have arrived.
[[nodiscard]] bool send_all(int socket, std::string_view bytes, std::chrono::steady_clock::time_point deadline);

}  // namespace triggers::http
