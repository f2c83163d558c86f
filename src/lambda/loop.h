#pragma once

// Asks Lambda for one invocation after another, answers each in time and within Lambda's size limit, and runs upkeep
// after it. The HTTP interface to Lambda is in runtime_client.h; events are in request_event.h and response_event.h.

#include <chrono>
#include <functional>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "http/wire/handlers.h"
#include "lambda/request_event.h"
#include "lambda/runtime_client.h"

namespace triggers::lambda {

struct LoopConfig {
  BodyLimit body_bytes_max;
  /// The response is sent this long before Lambda would kill the process, or after half of the time if that is later.
  /// It is 503 if the request is still in progress; the request then continues while the process runs.
  std::chrono::milliseconds reserve{250};
  const Clock* clock = &Clock::system();
  std::function<void()> on_begin;  ///< Before each request: the process may have been frozen. May be empty.
  /// Upkeep after each response, when the client already has it; Lambda may freeze or end the process afterwards. The
  /// next invocation waits for it, at most upkeep_max. After that it continues during that invocation, and no other
  /// upkeep begins before it ends. May be empty.
  std::function<Task<void>()> on_end;
  std::chrono::milliseconds upkeep_max{300};
};

/// Why serve() returned.
struct LoopEnd {
  Error why;
  bool requests_under_way = false;
};

/// Answers Lambda's invocations with `handlers`, as a server answers requests. An event in another format than API
/// Gateway's fails only its own invocation. A request without an X-Request-ID gets the root of its trace, or Lambda's
/// request id.
///
/// Returns when the runtime interface is gone or broken, and says why. The process must end then, without destroying
/// what `handlers` uses if `requests_under_way` is true.
LoopEnd serve(RuntimeClient& runtime, const http::Handlers& handlers, const LoopConfig& config);

}  // namespace triggers::lambda
