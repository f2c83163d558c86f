#pragma once

// The calls of Lambda's runtime interface. What is done with an invocation is in loop.h.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/client/fetch.h"

namespace triggers::lambda {

/// What Lambda asks the function to do.
struct Invocation {
  std::string request_id;
  std::string event;                   ///< JSON.
  std::optional<UnixMillis> deadline;  ///< By the wall clock; Lambda kills the process then.
  std::string trace_id;                ///< X-Ray's `Root=…;…`; may be empty.
};

/// Lambda's runtime interface (AWS, "Using the Lambda runtime API for custom runtimes", version 2018-06-01). Each call
/// has a connection of its own, which no freeze can have broken. One thread.
///
/// Errors: `unavailable` or `internal` if the interface is gone or broken; the process must then end. Other errors are
/// stated below.
class RuntimeClient {
 public:
  /// `address` is the value of AWS_LAMBDA_RUNTIME_API: host and port. Error: `invalid_argument` if it is not.
  static Result<RuntimeClient> create(std::string_view address);

  /// Waits for the next invocation without a time limit; Lambda may freeze the process meanwhile.
  Result<Invocation> next();
  /// Errors: `too_large` if the response is over Lambda's limit, and another one may be sent; `invalid_argument` if
  /// Lambda no longer accepts one.
  Status respond(const std::string& request_id, std::string json);
  /// Ends the invocation as failed; `type` is a name of ours. Errors are those of respond().
  Status fail(const std::string& request_id, std::string_view type, std::string_view message);
  /// Reports that the function cannot start. The process must end afterwards.
  Status fail_init(std::string_view type, std::string_view message);

 private:
  explicit RuntimeClient(http::ServerAddress server) : server_(std::move(server)) {}
  Status post(const std::string& path, std::string body, std::string_view error_type);

  http::ServerAddress server_;
};

}  // namespace triggers::lambda
