#include "swarm/web/desk.h"

#include <utility>

namespace triggers::swarm {

struct Desk::Awaiter {
  Desk& desk;
  Call& call;
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    call.executor = &Executor::current();
    call.waiting = handle;
    return desk.enqueue(call);
  }
  void await_resume() const noexcept {}
};

Task<std::optional<http::Response>> Desk::ask(Work work) {
  Call call;
  call.work = std::move(work);
  Awaiter awaiter{*this, call};
  co_await awaiter;
  co_return std::move(call.response);
}

/// False if the call cannot wait.
bool Desk::enqueue(Call& call) {
  {
    const MutexLock lock(mutex_);
    if (closed_ || calls_.size() >= waiting_max) return false;
    calls_.push_back(&call);
  }
  wake_();
  return true;
}

std::deque<Desk::Call*> Desk::take() {
  const MutexLock lock(mutex_);
  return std::exchange(calls_, {});
}

void Desk::serve(TestControl& control) {
  for (Call* const call : take()) {
    try {
      call->response = call->work(control);
    } catch (const std::exception&) {
      call->response.reset();
    }
    call->executor->resume_surely({&call->waiting, 1});
  }
}

void Desk::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  for (Call* const call : take()) call->executor->resume_surely({&call->waiting, 1});
}

}  // namespace triggers::swarm
