#pragma once

// The way into the service: a request in, a response out. The steps of that way are in api.cc; what one endpoint does
// is in endpoints/. Sockets are in src/http, Lambda in src/lambda.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "api/services.h"
#include "base/task.h"
#include "http/wire/handlers.h"
#include "http/wire/message.h"
#include "log/access_log.h"

namespace triggers::api {

class Dispatcher;
class RequestMetrics;

/// The only way into the service: a request in, a response out. The socket server, the command line and the tests call
/// it in the same way. Any thread with an Executor may call, also while other calls run.
class Api {
 public:
  /// `services` must outlive this. `access_log` may be null.
  Api(Services& services, log::AccessLog* access_log);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  ~Api();

  /// `request` must outlive the task. With a ticket of admit() it is not admitted again.
  Task<http::Response> handle(const http::Request& request);
  /// Decides by a request's head whether its body is to be read, and charges the key. Refuses as handle() would.
  Task<http::Admission> admit(const http::Request& head);

  /// The response to what the server could not take as a request: broken HTTP, an exceeded limit.
  http::Response protocol_error(const http::ProtocolError& error, const http::Request& request);
  /// The response when handle() threw.
  http::Response internal_error(const http::Request& request);

 private:
  RouteMatch find_route(Exchange& exchange) const;
  Exchange exchange_of(const http::Request& request);
  http::Response without_route(const Exchange& exchange, const RouteMatch& matched);
  void finish(Exchange& exchange, http::Response& response, std::chrono::steady_clock::time_point started);
  http::Response refuse(const Refusal& refusal, const http::Request& request, const std::string& id);
  bool deserves_a_line(Code code);

  Services& services_;
  log::AccessLog* access_log_;
  const AdmissionControl admission_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::unique_ptr<RequestMetrics> metrics_;
  std::atomic<std::chrono::steady_clock::time_point> next_busy_line_{};
};

/// The largest body that a request to `target` may have.
[[nodiscard]] std::size_t body_bytes_max(const config::Config& config, http::Method method, std::string_view target);

}  // namespace triggers::api
