#pragma once

// Runs several tasks concurrently on one executor, a limited number at once, and waits for all. Callers that share a
// single call are in single_flight.h.

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

#include "base/task.h"

namespace triggers {

/// Runs tasks concurrently on the awaiting coroutine's executor, at most `width` at once, started in order. Resumes
/// when all have ended, and rethrows the first exception.
class Gather {
 public:
  Gather(std::vector<Task<void>> tasks, std::size_t width) : tasks_(std::move(tasks)), width_(width) {}
  Gather(const Gather&) = delete;
  Gather& operator=(const Gather&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return tasks_.empty(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    const std::size_t workers = std::min(std::max<std::size_t>(width_, 1), tasks_.size());
    running_ = workers + 1;  // One is this function, so that no worker resumes the waiter before it is suspended.
    waiter_ = waiter;
    for (std::size_t i = 0; i < workers; ++i) work(*this);
    return --running_ > 0;
  }
  void await_resume() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  static RootTask work(Gather& all) {
    while (all.next_ < all.tasks_.size()) {
      Task<void> task = std::move(all.tasks_[all.next_++]);
      try {
        co_await std::move(task);
      } catch (...) {
        if (!all.failure_) all.failure_ = std::current_exception();
      }
    }
    // The last task resumes the waiter, which may destroy `all`.
    if (--all.running_ == 0) all.waiter_.resume();
  }

  std::vector<Task<void>> tasks_;
  const std::size_t width_;
  std::size_t next_ = 0, running_ = 0;
  std::coroutine_handle<> waiter_;
  std::exception_ptr failure_;
};

/// A task for Gather whose answer is wanted. `answer` outlives it.
template <class T>
Task<void> answer_into(T& answer, Task<T> task) {
  answer = co_await std::move(task);
}

}  // namespace triggers
