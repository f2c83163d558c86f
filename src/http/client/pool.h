#pragma once

// Requests to one server over kept connections, for any thread. The connections of one thread are in shard.h; a single
// blocking request is in fetch.h.

#include <chrono>
#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "http/client/fetch_error.h"
#include "http/client/pool_config.h"
#include "http/wire/message.h"

namespace triggers::http {

/// Sends requests to one server and reuses its connections. Any thread with an Executor may call, and is resumed on it.
/// A server's loop has connections of its own; all other callers share one thread, which starts with the first such
/// call. Deadlines are checked every 5 ms.
class ClientPool {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Error: `invalid_argument` if the CA file cannot be read.
  static Result<std::unique_ptr<ClientPool>> create(ClientPoolConfig config);
  ClientPool(const ClientPool&) = delete;
  ClientPool& operator=(const ClientPool&) = delete;
  /// No fetch() may be under way. Connections of a server's loop close when that loop ends.
  ~ClientPool();

  /// Sends the request once; it never retries. Adds Host and Content-Length. Ends by `deadline`, whatever is under way
  /// then. Waits for a free connection for at most half of that time.
  Task<Result<ClientResponse, FetchError>> fetch(Request request, TimePoint deadline);

  /// Suspends the caller for `time`.
  Task<void> pause(std::chrono::milliseconds time);

 private:
  struct Impl;
  explicit ClientPool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace triggers::http
