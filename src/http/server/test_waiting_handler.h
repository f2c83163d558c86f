#pragma once

// For tests: what a handler waits with until its client leaves, its time is over or the server stops, and a record of
// such waits. Raw clients are in test_server.h.

#include <coroutine>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "base/executor.h"
#include "base/mutex.h"

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

/// What handlers have done, in their order. A test waits for it.
class Events {
 public:
  void add(const std::string& event) {
    const MutexLock lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  /// Blocks until there are so many, at most some seconds.
  std::vector<std::string> await(std::size_t count) {
    MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (events_.size() < count && changed_.wait_until(lock, until) == std::cv_status::no_timeout) {
    }
    return events_;
  }

 private:
  Mutex mutex_;
  Condition changed_;
  std::vector<std::string> events_ GUARDED_BY(mutex_);
};

}  // namespace triggers::http
