#include "lambda/invocation_executor.h"

#include <exception>
#include <utility>

#include "base/invariant.h"
#include "base/process_start.h"
#include "log/log.h"

namespace triggers::lambda {

InvocationExecutor::~InvocationExecutor() {
  INVARIANT(under_way_ == 0, "%zu requests are under way, and nothing would run them", under_way_);
}

void InvocationExecutor::resume(std::span<const std::coroutine_handle<>> handles) {
  const MutexLock lock(mutex_);
  ready_.insert(ready_.end(), handles.begin(), handles.end());
  wake_.notify_one();
}

RootTask InvocationExecutor::start(InvocationExecutor& executor, std::shared_ptr<Call> call) {
  ++executor.under_way_;
  try {
    try {
      call->response = co_await answer_request(executor.handlers_, call->request, std::move(call->packed));
    } catch (...) {
      call->response = executor.handlers_.internal_error(call->request);
    }
  } catch (...) {
    call->failure = std::current_exception();
  }
  --executor.under_way_;
}

std::optional<http::Response> InvocationExecutor::run(http::Request request, PackedBody packed, TimePoint deadline) {
  const Scope scope(*this);
  const auto call = std::make_shared<Call>(std::move(request), std::move(packed));
  start(*this, call);
  while (!call->response && !call->failure) {
    if (!run_some(deadline)) return std::nullopt;
  }
  if (call->failure) std::rethrow_exception(call->failure);
  return std::move(call->response);
}

RootTask InvocationExecutor::start_upkeep(InvocationExecutor& executor, Task<void> work) {
  ++executor.under_way_;
  executor.upkeep_under_way_ = true;
  try {
    co_await std::move(work);
  } catch (...) {
    log::error("settling_failed", {{"cause", cause_of(std::current_exception())}});
  }
  executor.upkeep_under_way_ = false;
  --executor.under_way_;
}

void InvocationExecutor::run_upkeep(const std::function<Task<void>()>& work, TimePoint deadline) {
  const Scope scope(*this);
  if (!upkeep_under_way_) start_upkeep(*this, work());
  while (upkeep_under_way_) {
    if (!run_some(deadline)) return;
  }
}

bool InvocationExecutor::drain(TimePoint deadline) {
  const Scope scope(*this);
  while (under_way_ > 0) {
    if (!run_some(deadline)) return false;
  }
  return true;
}

/// False if the deadline came first.
bool InvocationExecutor::run_some(TimePoint deadline) {
  std::vector<std::coroutine_handle<>> handles;
  {
    MutexLock lock(mutex_);
    while (ready_.empty() && wake_.wait_until(lock, deadline) == std::cv_status::no_timeout) {
    }
    if (ready_.empty()) return false;
    handles.swap(ready_);
  }
  for (const auto handle : handles) handle.resume();
  return true;
}

}  // namespace triggers::lambda
