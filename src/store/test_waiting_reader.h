#pragma once

// For tests of waiters.h: an executor that a test runs step by step, and a reader that waits on it.

#include <coroutine>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cancellation.h"
#include "base/executor.h"
#include "base/task.h"
#include "store/waiters.h"

namespace triggers::store {

/// Runs what is ready when the test says so.
class SteppedExecutor final : public Executor {
 public:
  SteppedExecutor() { ready_.reserve(64); }
  void resume(std::span<const std::coroutine_handle<>> handles) override {
    ready_.insert(ready_.end(), handles.begin(), handles.end());
  }
  void run() {
    const Scope scope(*this);
    while (!ready_.empty()) {
      const auto handle = ready_.front();
      ready_.erase(ready_.begin());
      handle.resume();
    }
  }
  template <class Function>
  void enter(Function function) {
    const Scope scope(*this);
    function();
  }

 private:
  std::vector<std::coroutine_handle<>> ready_;
};

/// A reader whose every step the test takes.
class WaitingReader {
 public:
  WaitingReader(SteppedExecutor& executor, Waiters& all, InboxWaiters& inbox, std::string tenant, Waiter::Kind kind)
      : executor_(executor),
        inbox_(inbox),
        tenant_(std::move(tenant)),
        kind_(kind),
        waiter_(std::in_place, all, inbox, tenant_, kind) {}

  /// Looks, finds nothing, and waits.
  void wait() { wait(kind_.takes ? inbox_.version() : inbox_.version_for_lookers()); }
  void wait(std::uint64_t version) {
    ended_.reset();
    executor_.enter([&] { run(*this, version); });
  }
  void served() { waiter_->served(); }
  void cancel(Cancellation::Reason reason) { cancellation_.cancel(reason); }
  /// It goes away.
  void leave() { waiter_.reset(); }

  /// Runs what is ready first.
  bool waits() {
    executor_.run();
    return !ended_;
  }
  bool woken(Wake why = Wake::event) { return !waits() && ended_->ok() && **ended_ == why; }
  bool refused(ErrorCode code) { return !waits() && !ended_->ok() && ended_->error().code == code; }

 private:
  static RootTask run(WaitingReader& self, std::uint64_t version) {
    self.ended_.emplace(co_await self.waiter_->wait(version, self.cancellation_));
  }

  SteppedExecutor& executor_;
  InboxWaiters& inbox_;
  const std::string tenant_;
  const Waiter::Kind kind_;
  Cancellation cancellation_;
  std::optional<Waiter> waiter_;
  std::optional<Result<Wake>> ended_;
};

}  // namespace triggers::store
