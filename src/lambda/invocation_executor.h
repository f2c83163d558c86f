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
#include "http/wire/handlers.h"
#include "http/wire/message.h"

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

  /// The response; that of `internal_error` if `handle` threw. Nothing if `deadline` came first: the request then goes
  /// on during later runs, and its response is dropped. Throws what `internal_error` throws.
  std::optional<http::Response> run(http::Request request, TimePoint deadline);
  /// Runs the task that `work` makes until `deadline`; then it goes on during later runs. If the previous task is still
  /// under way, it runs that one instead.
  void run_upkeep(const std::function<Task<void>()>& work, TimePoint deadline);
  /// Lets late requests go on until `deadline`. True if none is under way any more.
  bool drain(TimePoint deadline);

 private:
  struct Call {
    explicit Call(http::Request of) : request(std::move(of)) {}
    http::Request request;
    std::optional<http::Response> response;
    std::exception_ptr failure;  // Instead of a response.
  };

  static RootTask start(InvocationExecutor& executor, std::shared_ptr<Call> call);
  static RootTask start_upkeep(InvocationExecutor& executor, Task<void> work);
  bool run_some(TimePoint deadline);

  const http::Handlers& handlers_;
  std::size_t under_way_ = 0;  // Requests, and run_upkeep()'s task; this thread's.
  bool upkeep_under_way_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::coroutine_handle<>> ready_;  // guarded by mutex_
};

}  // namespace triggers::lambda
