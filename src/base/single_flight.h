#pragma once

// Concurrent callers share one call, such as one refresh of a cache. Tasks that all run are in gather.h.

#include <coroutine>
#include <optional>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/task.h"

namespace triggers {

/// Concurrent callers share one call: 100 requests that miss the same cache entry cause one load, and all get its
/// outcome. If the call fails at its deadline, each caller has waited for one deadline, not for several in a row. Any
/// thread with an Executor may call. It must outlive its callers.
class SingleFlight {
 public:
  SingleFlight() = default;
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  /// Runs `work`, a callable that gives a Task<Status>, unless a call is under way. Then it waits for that call's
  /// outcome instead, and resumes on the caller's executor. An exception of `work` goes to the caller that ran it; the
  /// others get `internal`.
  template <class Work>
  Task<Status> fly(Work work) {
    Caller caller{*this};
    co_await caller;
    if (caller.outcome) co_return std::move(*caller.outcome);
    Landing landing{*this};
    auto outcome = co_await work();
    landing.outcome = outcome;
    co_return outcome;
  }

 private:
  /// One caller: it runs the call, or waits for the outcome.
  struct Caller {
    SingleFlight& flight;
    std::optional<Status> outcome{};
    Executor* executor = nullptr;
    std::coroutine_handle<> waiter{};

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      const MutexLock lock(flight.mutex_);
      if (!std::exchange(flight.under_way_, true)) return false;
      executor = &Executor::current();
      waiter = handle;
      flight.waiting_.push_back(this);
      return true;
    }
    void await_resume() const noexcept {}
  };

  /// Without memory for its message the error stays one, without the message.
  static Status copy_of(const Status& outcome) noexcept {
    try {
      return outcome;
    } catch (...) {
      return Error{outcome.error().code, {}};
    }
  }

  /// Gives the outcome to all waiting callers, however the call ended.
  struct Landing {
    SingleFlight& flight;
    Status outcome = Error{ErrorCode::internal, "what others waited for has failed"};

    ~Landing() {
      std::vector<Caller*> waiting;
      {
        const MutexLock lock(flight.mutex_);
        flight.under_way_ = false;
        waiting.swap(flight.waiting_);
      }
      for (Caller* caller : waiting) {
        caller->outcome = copy_of(outcome);
        // The waiter destroys `caller` as soon as it runs.
        const std::coroutine_handle<> waiter = caller->waiter;
        caller->executor->resume_surely({&waiter, 1});
      }
    }
  };

  Mutex mutex_;
  bool under_way_ GUARDED_BY(mutex_) = false;
  std::vector<Caller*> waiting_ GUARDED_BY(mutex_);
};

}  // namespace triggers
