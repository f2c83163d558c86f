#pragma once

#include <coroutine>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"

namespace triggers {

/// Lets one of those who want the same thing done do it: who comes meanwhile waits for that, and learns how it went. A
/// hundred requests that miss the same entry so make one call instead of a hundred, and a call that fails after its
/// deadline costs each of them that deadline once. Any thread with an Executor; must outlive who waits.
class SingleFlight {
 public:
  SingleFlight() = default;
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  /// Runs `work`, a callable that gives a Task<Status>, unless one is under way; then waits for that one instead, and
  /// resumes on the executor that it was called on. An exception of `work` goes to the one who ran it; the others
  /// are answered `internal`.
  template <class Work>
  Task<Status> fly(Work work) {
    Place place{*this};
    co_await place;
    if (place.outcome) co_return std::move(*place.outcome);
    Landing landing{*this};
    auto outcome = co_await work();
    landing.outcome = outcome;
    co_return outcome;
  }

 private:
  /// Of one who wants it: leads, or waits for the outcome.
  struct Place {
    SingleFlight& flight;
    std::optional<Status> outcome{};
    Executor* executor = nullptr;
    std::coroutine_handle<> waiter{};

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      const std::lock_guard lock(flight.mutex_);
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

  /// Tells all who wait, however the leader's work has ended.
  struct Landing {
    SingleFlight& flight;
    Status outcome = Error{ErrorCode::internal, "what others waited for has failed"};

    ~Landing() {
      std::vector<Place*> waiting;
      {
        const std::lock_guard lock(flight.mutex_);
        flight.under_way_ = false;
        waiting.swap(flight.waiting_);
      }
      for (Place* place : waiting) {
        place->outcome = copy_of(outcome);
        // Its place is gone as soon as it runs.
        const std::coroutine_handle<> waiter = place->waiter;
        place->executor->resume_surely({&waiter, 1});
      }
    }
  };

  std::mutex mutex_;
  bool under_way_ = false;
  std::vector<Place*> waiting_;
};

}  // namespace triggers
