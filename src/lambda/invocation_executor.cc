#include "lambda/invocation_executor.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/invariant.h"
#include "base/process_start.h"
#include "http/wire/caller.h"
#include "log/log.h"

namespace triggers::lambda {

using std::chrono::steady_clock;

/// One request, with what its handler may learn of the time that is left.
class InvocationExecutor::Call final : public http::Caller {
 public:
  using TimePoint = http::Caller::TimePoint;

  Call(http::Request of, PackedBody body, TimePoint deadline) : request(std::move(of)), packed(std::move(body)) {
    request.caller = this;
    const TimePoint now = steady_clock::now();
    if (deadline > now) wait_max_ = deadline - std::min<steady_clock::duration>(time_to_respond, (deadline - now) / 2);
  }

  void watch(Cancellation& told, TimePoint until) override {
    if (late_) return told.cancel(Cancellation::Reason::gone);
    told_ = &told;
    wait_ends_ = std::min(until, wait_max_);
  }
  void unwatch() noexcept override {
    told_ = nullptr;
    wait_ends_ = TimePoint::max();
  }
  [[nodiscard]] bool takes_streams() const noexcept override { return false; }

  /// When its handler is to be told that its time is over.
  [[nodiscard]] TimePoint wait_ends() const noexcept { return wait_ends_; }
  void end_wait() noexcept {
    wait_ends_ = TimePoint::max();
    if (told_ != nullptr) told_->cancel(Cancellation::Reason::timeout);
  }
  /// Its response is not sent any more.
  void is_late() noexcept {
    late_ = true;
    wait_ends_ = TimePoint::max();
    if (told_ != nullptr) told_->cancel(Cancellation::Reason::gone);
  }

  http::Request request;
  PackedBody packed;
  std::optional<http::Response> response;
  std::exception_ptr failure;  // Instead of a response.

 private:
  TimePoint wait_max_{};
  TimePoint wait_ends_ = TimePoint::max();
  Cancellation* told_ = nullptr;
  bool late_ = false;
};

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
  const auto call = std::make_shared<Call>(std::move(request), std::move(packed), deadline);
  start(*this, call);
  while (!call->response && !call->failure) {
    const TimePoint until = std::min(deadline, call->wait_ends());
    if (run_some(until)) continue;
    if (call->wait_ends() <= deadline) {
      call->end_wait();
    } else {
      call->is_late();
      return std::nullopt;
    }
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
