#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "http/client/fetch.h"
#include "http/wire/message.h"

namespace triggers::http {

struct ClientPoolConfig {
  Endpoint endpoint;    ///< Host and port; unix_path is not used.
  bool tls = false;     ///< The certificate must be the host's, from an authority that is believed.
  std::string ca_file;  ///< PEM, believed instead of the system's authorities; empty: the system's.

  std::size_t connections_max = 128;  ///< For each loop.
  std::size_t waiting_max = 10'000;   ///< Requests that wait for a connection, for each loop; more are refused.
  std::size_t response_bytes_max = 64 * 1024 * 1024;
  std::chrono::milliseconds connect_timeout{1'000};  ///< For one of the host's addresses, with TLS.
  std::chrono::milliseconds idle_max{20'000};        ///< An older connection is not used again.
};

/// Why there is no answer, told by what the caller does next.
enum class ExchangeCode : std::uint8_t {
  overloaded,   ///< Too many wait for a connection: more than waiting_max, or too long. Send less.
  unreachable,  ///< No connection: name, network, TLS.
  timed_out,    ///< The deadline passed.
  broken,       ///< The connection broke, or what came is not an answer.
};

struct ExchangeError {
  ExchangeCode code = ExchangeCode::broken;
  /// False: the peer has none of the request, so nothing can have been done.
  bool sent = false;
  std::string message;  ///< For a person.
};

/// Sends requests to one endpoint over connections that are kept. Any thread that is an Executor may call, and is
/// resumed on it. A server's loop has connections of its own; everybody else shares one thread, which starts with the
/// first such call. Deadlines are looked at every 5 ms.
class ClientPool {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Error: `invalid_argument` if the CA file cannot be read.
  static Result<std::unique_ptr<ClientPool>> create(ClientPoolConfig config);
  ClientPool(const ClientPool&) = delete;
  ClientPool& operator=(const ClientPool&) = delete;
  /// No exchange may be under way. Connections of a server's loop close when that loop ends.
  ~ClientPool();

  /// Sends once; nothing is repeated. Adds Host and Content-Length. Ends by `deadline`, in whatever it is then; waits
  /// for half of that time at most until a connection is free.
  Task<Result<ClientResponse, ExchangeError>> exchange(Request request, TimePoint deadline);

  /// Suspends the caller so long.
  Task<void> pause(std::chrono::milliseconds time);

 private:
  struct Impl;
  explicit ClientPool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace triggers::http
