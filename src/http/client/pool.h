#pragma once

#include <chrono>
#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "http/client/fetch_error.h"
#include "http/client/pool_config.h"
#include "http/wire/message.h"

namespace triggers::http {

/// Sends requests to one server over connections that are kept. Any thread that is an Executor may call, and is
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
  Task<Result<ClientResponse, FetchError>> fetch(Request request, TimePoint deadline);

  /// Suspends the caller so long.
  Task<void> pause(std::chrono::milliseconds time);

 private:
  struct Impl;
  explicit ClientPool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace triggers::http
