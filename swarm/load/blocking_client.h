#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/wire/message.h"
#include "swarm/load/connection.h"

namespace triggers::swarm {

/// One request at a time over a user's kind of connection, for tools that ask and do not measure. Not for two threads
/// at once; several clients may share a target and a TLS context.
class BlockingClient {
 public:
  /// `target` and `tls` outlive it; `tls` is null unless the target speaks TLS.
  BlockingClient(const Target& target, const net::TlsClientContext* tls, std::string_view api_key,
                 std::chrono::nanoseconds timeout);

  struct Reply {
    unsigned status = 0;
    std::string body;
  };
  /// A request without a body. Error: `unavailable` if there was no answer within the timeout, or the connection failed
  /// and also a new one: only for requests that may be made twice.
  Result<Reply> ask(http::Method method, std::string_view path);

 private:
  Result<Reply> try_once();

  Reactor reactor_;
  ConnectionContext context_;
  Connection connection_;
  std::string fields_;
};

}  // namespace triggers::swarm
