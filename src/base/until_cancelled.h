#pragma once

// Suspends a coroutine until its Cancellation ends it: a pause, if the time is all that ends it.

#include <coroutine>

#include "base/cancellation.h"
#include "base/executor.h"

namespace triggers {

/// Awaitable: until the cancellation, and why it came.
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

}  // namespace triggers
