#pragma once

// Which tenant's call goes next, and how many calls a tenant may have. Connections are in http/client/pool.h, retries
// in client.h.

#include <coroutine>
#include <cstddef>
#include <string_view>

#include "base/executor.h"
#include "base/fair_queue.h"
#include "base/mutex.h"

namespace triggers::store::dynamo {

/// Decides who may call DynamoDB next. All tenants share the connections of a node, and one with thousands of waiting
/// calls must not delay another tenant's single call behind them. Tenants take turns (FairQueue), and no tenant has
/// more than seven eighths of the calls. Any thread with an Executor.
class CallTurns {
 public:
  /// At most `at_once` calls are in progress, and `waiting_max` wait.
  CallTurns(std::size_t at_once, std::size_t waiting_max);
  CallTurns(const CallTurns&) = delete;
  CallTurns& operator=(const CallTurns&) = delete;

  /// A turn that was taken; gives it back when destroyed. It must not outlive the tenant's name.
  class Turn {
   public:
    Turn(CallTurns* turns, std::string_view tenant) noexcept : turns_(turns), tenant_(tenant) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->give_back(tenant_);
    }

   private:
    CallTurns* turns_;
    std::string_view tenant_;
  };

  /// Awaitable: waits for a turn of `tenant`; resumes on the caller's executor. False: the tenant has its share of the
  /// places to wait. If true, make a Turn of it at once.
  auto take(std::string_view tenant) { return Waiter(*this, tenant); }

 private:
  class Waiter {
   public:
    Waiter(CallTurns& turns, std::string_view tenant) : turns_(turns), tenant_(tenant) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> handle) {
      handle_ = handle;
      executor_ = &Executor::current();
      return turns_.wait(*this);
    }
    bool await_resume() const noexcept { return taken_; }

   private:
    friend CallTurns;
    CallTurns& turns_;
    std::string_view tenant_;
    std::coroutine_handle<> handle_;
    Executor* executor_ = nullptr;
    bool taken_ = true;
  };

  /// False if the caller need not suspend: it has its turn now, or was refused.
  bool wait(Waiter& waiter);
  void give_back(std::string_view tenant) noexcept;
  /// The next caller whose turn it is, if another call may begin.
  Waiter* next() noexcept REQUIRES(mutex_);

  const std::size_t at_once_;
  Mutex mutex_;
  std::size_t under_way_ GUARDED_BY(mutex_) = 0;
  FairQueue<Waiter*> queue_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store::dynamo
