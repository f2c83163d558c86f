#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/executor.h"
#include "base/task.h"
#include "http/message.h"
#include "http/server.h"
#include "lambda/body.h"

namespace triggers::lambda {

/// Runs one request at a time on the thread that waits for it, until a deadline.
class InvocationExecutor final : public Executor {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// `handlers` outlives this.
  explicit InvocationExecutor(const http::Handlers& handlers) : handlers_(handlers) {}
  /// No request may be under way.
  ~InvocationExecutor() override;

  /// Any thread.
  void resume(std::span<const std::coroutine_handle<>> handles) override;

  /// answer_request()'s answer, or `internal_error`'s if that threw. Nothing: `deadline` came first. Then the request
  /// goes on during later runs, and its answer is dropped. Throws what `internal_error` has thrown.
  std::optional<http::Response> run(http::Request request, PackedBody packed, TimePoint deadline);
  /// Runs the task that `work` makes until `deadline`, after which it goes on during later runs. If the one before is
  /// still under way, runs that.
  void settle(const std::function<Task<void>()>& work, TimePoint deadline);
  /// Lets what came too late go on until `deadline`. True if none is under way any more.
  bool drain(TimePoint deadline);

 private:
  struct Call {
    Call(http::Request of, PackedBody body) : request(std::move(of)), packed(std::move(body)) {}
    http::Request request;
    PackedBody packed;
    std::optional<http::Response> response;
    std::exception_ptr failure;  // Instead of a response.
  };

  static RootTask start(InvocationExecutor& executor, std::shared_ptr<Call> call);
  static RootTask start_settling(InvocationExecutor& executor, Task<void> work);
  bool run_some(TimePoint deadline);

  const http::Handlers& handlers_;
  std::size_t under_way_ = 0;  // Requests, and settle()'s task; this thread's.
  bool settling_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::coroutine_handle<>> ready_;  // guarded by mutex_
};

}  // namespace triggers::lambda
