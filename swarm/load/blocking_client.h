#pragma once

// One request at a time, for tools that do not measure, such as verify/. Users under load use connection.h.

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/wire/message.h"
#include "swarm/load/connection.h"

namespace triggers::swarm {

/// Sends one request at a time and waits for the response; for tools that do not measure. Not thread-safe. Several
/// clients may share a target and a TLS context.
class BlockingClient {
 public:
  /// `target` and `tls` must outlive the client. `tls` is null unless the target speaks TLS.
  BlockingClient(const Target& target, const net::TlsClientContext* tls, std::string_view api_key,
                 std::chrono::nanoseconds timeout);

  struct Reply {
    unsigned status = 0;
    std::string body;
  };
  /// Sends a request without a body. It retries once on a new connection if the first one fails, so the request must be
  /// idempotent. Error: `unavailable` if no response arrives within the timeout or both connections fail.
  Result<Reply> ask(http::Method method, std::string_view path);

 private:
  Result<Reply> try_once();

  Reactor reactor_;
  ConnectionContext context_;
  Connection connection_;
  std::string fields_;
};

}  // namespace triggers::swarm
