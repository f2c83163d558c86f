#pragma once

// The executor of a Lambda function: it runs one request at a time until a deadline, upkeep after it, and late requests
// later. The loop that calls it is in loop.h.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/task.h"
#include "http/wire/handlers.h"
#include "http/wire/message.h"
#include "lambda/body.h"

namespace triggers::lambda {

/// Runs one request at a time on the thread that waits for it, until a deadline.
class InvocationExecutor final : public Executor {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `handlers` outlives this.
  explicit InvocationExecutor(const http::Handlers& handlers) : handlers_(handlers) {}
  /// No request may be in progress.
  ~InvocationExecutor() override;

  /// Any thread.
  void resume(std::span<const std::coroutine_handle<>> handles) override;

  /// A request that waits (http/wire/caller.h) is told so much before the deadline that its time is over, or after half
  /// of its time if that is later.
  static constexpr std::chrono::milliseconds time_to_respond{250};

  /// The response of answer_request(), or that of `internal_error` if it threw. Nothing if `deadline` came first: the
  /// request then continues during later runs, is told that its client has left, and its response is dropped. Throws
  /// what `internal_error` throws.
  std::optional<http::Response> run(http::Request request, PackedBody packed, TimePoint deadline);
  /// Runs the task that `work` makes until `deadline`; then it continues during later runs. If the previous task is
  /// still in progress, it runs that one instead.
  void run_upkeep(const std::function<Task<void>()>& work, TimePoint deadline);
  /// Lets late requests continue until `deadline`. True if none is in progress any more.
  bool drain(TimePoint deadline);

 private:
  class Call;

  static RootTask start(InvocationExecutor& executor, std::shared_ptr<Call> call);
  static RootTask start_upkeep(InvocationExecutor& executor, Task<void> work);
  bool run_some(TimePoint deadline);

  const http::Handlers& handlers_;
  std::size_t under_way_ = 0;  // Requests, and run_upkeep()'s task; this thread's.
  bool upkeep_under_way_ = false;
  Mutex mutex_;
  Condition wake_;
  std::vector<std::coroutine_handle<>> ready_ GUARDED_BY(mutex_);
};

}  // namespace triggers::lambda
