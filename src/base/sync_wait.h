#pragma once

// Runs a coroutine on the calling thread until it ends, for commands and tests. Servers run coroutines on the threads
// of net/loop.h.

#include <optional>
#include <type_traits>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/task.h"

namespace triggers {

/// An executor that runs on the thread that waits: for commands and tests, where nothing else runs.
class BlockingExecutor final : public Executor {
 public:
  void resume(std::span<const std::coroutine_handle<>> handles) override {
    const MutexLock lock(mutex_);
    ready_.insert(ready_.end(), handles.begin(), handles.end());
    wake_.notify_one();
  }

  /// Starts `task` and runs what it needs until it ends. Blocks.
  template <class T>
  T run(Task<T> task) {
    const Scope scope(*this);
    using Slot = std::conditional_t<std::is_void_v<T>, bool, T>;
    std::optional<Slot> slot;
    std::exception_ptr failure;
    start(std::move(task), slot, failure);
    while (!slot && !failure) run_some();
    if (failure) std::rethrow_exception(failure);
    if constexpr (!std::is_void_v<T>) return std::move(*slot);
  }

 private:
  template <class T, class Slot>
  static RootTask start(Task<T> task, std::optional<Slot>& slot, std::exception_ptr& failure) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(task);
        slot = true;
      } else {
        slot.emplace(co_await std::move(task));
      }
    } catch (...) {
      failure = std::current_exception();
    }
  }

  void run_some() {
    std::vector<std::coroutine_handle<>> handles;
    {
      MutexLock lock(mutex_);
      while (ready_.empty()) wake_.wait(lock);
      handles.swap(ready_);
    }
    for (const auto handle : handles) handle.resume();
  }

  Mutex mutex_;
  Condition wake_;
  std::vector<std::coroutine_handle<>> ready_ GUARDED_BY(mutex_);
};

/// Runs `task` to its end on this thread.
template <class T>
T sync_wait(Task<T> task) {
  BlockingExecutor executor;
  return executor.run(std::move(task));
}

}  // namespace triggers
