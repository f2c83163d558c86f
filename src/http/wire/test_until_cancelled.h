#pragma once

// For tests: what a handler waits with until it is told to end (caller.h).

#include <coroutine>
#include <string>

#include "base/cancellation.h"
#include "base/executor.h"

namespace triggers::http {

/// Awaitable: until the cancellation.
class UntilCancelled final : private Cancellation::Listener {
 public:
  explicit UntilCancelled(Cancellation& cancellation) : cancellation_(cancellation) {}

  [[nodiscard]] bool await_ready() const noexcept { return cancellation_.cancelled(); }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    executor_ = &Executor::current();
    cancellation_.listen(*this);
  }
  [[nodiscard]] Cancellation::Reason await_resume() const noexcept { return cancellation_.reason(); }

 private:
  void cancelled() noexcept override { executor_->resume_surely({&handle_, 1}); }

  Cancellation& cancellation_;
  std::coroutine_handle<> handle_;
  Executor* executor_ = nullptr;
};

inline std::string name_of(Cancellation::Reason reason) {
  switch (reason) {
    case Cancellation::Reason::none: return "none";
    case Cancellation::Reason::timeout: return "timeout";
    case Cancellation::Reason::stopping: return "stopping";
    case Cancellation::Reason::gone: return "gone";
  }
  return "?";
}

}  // namespace triggers::http
