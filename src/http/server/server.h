#pragma once

// The HTTP server as its owner sees it: start, drain, stop, figures. One connection is in session.h, one thread in
// session_loop.h, the options in server_config.h. It knows no endpoint: those are in src/api.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "http/server/server_config.h"
#include "http/wire/handlers.h"

namespace triggers::http {

/// Numbers for the metrics page. Any thread may ask.
struct ServerStats {
  std::size_t connections_open;
  std::size_t bodies_bytes;  ///< What counts against ServerConfig::bodies_bytes_max.
  std::uint64_t connections_accepted, connections_refused, bodies_refused, timeouts;
  std::uint64_t connections_evicted;  ///< Closed while they waited for a request, because no place was free.
  std::uint64_t refused_before_body;  ///< Refused by AdmissionHandler: the body was not read, or was read and dropped.
  std::uint64_t inflated_bytes;       ///< Bytes decoded from gzip bodies.
  std::uint64_t accept_failures;      ///< Out of file descriptors or memory; tried again after a pause.
};

/// An HTTP/1.1 server: keep-alive, pipelining, chunked and gzip bodies, 100-continue, TLS.
///
/// One acceptor hands connections to `threads` IO threads in turn; a connection stays on its thread.
class Server {
 public:
  /// Binds and listens, so that port() is known; serves nothing before start(). Error: the address is in use, a
  /// certificate cannot be read, … with the path or address in the message.
  static Result<std::unique_ptr<Server>> create(ServerConfig config, Handlers handlers);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server() = default;

  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Starts the IO threads. Does not block.
  virtual void start() = 0;
  /// From now on each response ends its connection. New connections are still accepted, so that clients and load
  /// balancers move to other servers before this one stops. Handlers that wait are told to answer now. Any thread.
  virtual void drain() = 0;
  /// Stops gracefully: closes the listeners, answers the requests that have begun, and closes idle connections. A
  /// client that has begun a request and sends nothing of it for half a second is closed too; after `grace`, so are all
  /// others. Blocks until every IO thread has ended, which takes as long as the slowest handler.
  virtual void stop(std::chrono::milliseconds grace) = 0;
  [[nodiscard]] virtual ServerStats stats() const = 0;

 protected:
  Server() = default;
};

}  // namespace triggers::http
