#pragma once

// Sends a command's requests to the running server, or to the store itself, and waits for a process that is starting or
// stopping; also tells whether there is a store. The operator's commands are in keys_command.h and, for backups,
// main.cc; commands with an API key use it through api_client.h.

#include <chrono>
#include <memory>

#include "base/result.h"
#include "config/config.h"
#include "http/wire/message.h"
#include "service.h"

namespace triggers {

/// How long a local server may take to answer: a backup may copy for long.
inline constexpr std::chrono::minutes operator_deadline{10};

/// Requests to the server that runs on the data directory, by its local socket, or, if none runs, to the store in the
/// directory itself; with DynamoDB always to the store. The responses are the same.
///
/// A session keeps the store open from one request to the next, but at most a few seconds: a server that starts waits
/// for it.
class OperatorSession {
 public:
  /// `config` outlives the session.
  explicit OperatorSession(const config::Config& config) : config_(config) {}
  OperatorSession(const OperatorSession&) = delete;
  OperatorSession& operator=(const OperatorSession&) = delete;

  /// Waits some seconds for another process that has the directory but does not listen yet, then fails with `conflict`.
  /// `not_found`: there is no store. A server has `timeout` to answer.
  Result<http::ClientResponse> send(http::Request request, std::chrono::milliseconds timeout);
  /// Closes the store, if it is open here. Call it before a long pause.
  void release_store() { service_.reset(); }

 private:
  Result<http::ClientResponse> ask_store(const http::Request& request);
  Status open_store(const http::Request& request);

  const config::Config& config_;
  std::unique_ptr<Service> service_;
  store::Access access_ = store::Access::read;  // Of service_.
  std::chrono::steady_clock::time_point opened_at_{};
};

/// Sends one request as the operator, in a session of its own.
Result<http::ClientResponse> send_as_operator(const config::Config& config, http::Request request);

/// Whether there is an embedded store, or a part of one, in the data directory.
[[nodiscard]] bool store_exists(const config::Config& config);

}  // namespace triggers
