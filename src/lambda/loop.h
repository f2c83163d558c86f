#pragma once

#include <chrono>
#include <functional>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "http/server/server.h"
#include "lambda/event.h"
#include "lambda/runtime_client.h"

namespace triggers::lambda {

struct LoopConfig {
  BodyLimit body_bytes_max;
  /// The answer is given this long before Lambda would kill the process, or after half of the time if that is later:
  /// 503 if the request is still under way, which goes on while the process runs.
  std::chrono::milliseconds reserve{250};
  const Clock* clock = &Clock::system();
  std::function<void()> on_begin;  ///< Before each request: the process may have been frozen. May be empty.
  /// After each answer, while the client has it already; Lambda may freeze the process afterwards, or end it. The next
  /// invocation waits for it, settle_max at most; then it goes on beside it, and none is begun meanwhile. May be empty.
  std::function<Task<void>()> on_end;
  std::chrono::milliseconds settle_max{300};
};

/// Answers Lambda's invocations with `handlers`, as a server answers requests; `observe` is not used. An event that is
/// not API Gateway's is an error of its invocation only. A request without an X-Request-ID gets the root of its trace,
/// or Lambda's request id.
///
/// Returns when the runtime interface is gone or broken: why. The process is to end then, without destroying what
/// `handlers` uses if the error's `requests_under_way` is true.
struct LoopEnd {
  Error why;
  bool requests_under_way = false;
};
LoopEnd serve(RuntimeClient& runtime, const http::Handlers& handlers, const LoopConfig& config);

}  // namespace triggers::lambda
