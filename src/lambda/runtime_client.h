#pragma once

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
/// Errors: `unavailable` or `internal`, the interface is gone or broken, and the process must end; others as said.
class RuntimeClient {
 public:
  /// `address` is what AWS_LAMBDA_RUNTIME_API says: host and port. Error: `invalid_argument`, it is not.
  static Result<RuntimeClient> create(std::string_view address);

  /// Waits for the next invocation: as long as it takes, and frozen meanwhile.
  Result<Invocation> next();
  /// Error: `too_large`, this response is over Lambda's limit, and another one may be sent; `invalid_argument`, Lambda
  /// no longer wants it.
  Status respond(const std::string& request_id, std::string json);
  /// Ends the invocation as failed; `type` is a name of ours. Errors as of respond().
  Status fail(const std::string& request_id, std::string_view type, std::string_view message);
  /// The function cannot start. The process is to end afterwards.
  Status fail_init(std::string_view type, std::string_view message);

 private:
  explicit RuntimeClient(http::ServerAddress server) : server_(std::move(server)) {}
  Status post(const std::string& path, std::string body, std::string_view error_type);

  http::ServerAddress server_;
};

}  // namespace triggers::lambda
