#pragma once

// Requests of a command that acts for a tenant, with an API key: to the server that a URL names, or to the one on this
// machine. Trying again is in patient_client.h; requests of the operator, which need no key, are in operator_client.h.

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "http/client/pool.h"
#include "http/client/streamed_fetch.h"
#include "http/wire/message.h"
#include "operator_client.h"

namespace CLI {
class App;
}

namespace triggers {

/// Declares `--url` for a command that uses an ApiClient, and has its text.
class ApiFlags {
 public:
  /// `app` must not outlive this.
  void declare(CLI::App& app);
  /// As given; empty: not given.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  std::string url_;
};

/// Why a request got no response.
struct NoAnswer {
  std::string message;      ///< For a person.
  bool is_passing = true;   ///< The same request may get a response later.
  bool may_be_done = true;  ///< The request may have taken effect.
};

/// Sends requests with an API key, one after the other, over a connection that it keeps. For one thread.
class ApiClient {
 public:
  /// The URL is that of `flags`, or of the environment variable TRIGGERS_URL. Without one, or if a flag names a store,
  /// requests go to that store or its server (operator_client.h). The key is in the environment variable
  /// TRIGGERS_API_KEY. `settings` outlives the client. Error: `invalid_argument`, for a person.
  static Result<std::unique_ptr<ApiClient>> create(const ApiFlags& flags, const config::Settings& settings);
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  Result<http::ClientResponse, NoAnswer> send(const http::Request& request, std::chrono::milliseconds timeout);
  /// A response that is read while it is made; only a running server has those. `timeout`: until its head is there.
  Result<std::unique_ptr<http::StreamedFetch>, NoAnswer> open_stream(const http::Request& request,
                                                                     std::chrono::milliseconds timeout);
  /// Call it before a long pause: a server that starts may wait for the store.
  void release_store() { local_.release_store(); }

 private:
  ApiClient(const config::Settings& settings, std::string key)
      : settings_(settings), local_(settings.config), key_(std::move(key)) {}

  const config::Settings& settings_;
  std::unique_ptr<http::ClientPool> remote_;  // Null: the requests go to `local_`.
  OperatorSession local_;
  http::StreamedFetch::Target target_;  // Of `remote_`.
  std::string path_prefix_, key_;
};

/// One line for a person about a response that is not a success: the service's own message if there is one.
[[nodiscard]] std::string problem_of(const http::ClientResponse& answer);

}  // namespace triggers
