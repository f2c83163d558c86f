#include "store/dynamo/client/call_turns.h"

#include <algorithm>

#include "base/invariant.h"

namespace triggers::store::dynamo {

CallTurns::CallTurns(std::size_t at_once, std::size_t waiting_max)
    : at_once_(at_once), queue_(waiting_max, std::max<std::size_t>(at_once - at_once / 8, 1)) {}

bool CallTurns::wait(Waiter& waiter) {
  const MutexLock lock(mutex_);
  if (!queue_.push(waiter.tenant_, &waiter)) {
    waiter.taken_ = false;
    return false;
  }
  // All others that could have their turn have had it, so it can only be this one.
  return next() == nullptr;
}

CallTurns::Waiter* CallTurns::next() noexcept {
  if (under_way_ >= at_once_) return nullptr;
  const auto turn = queue_.pop();
  if (!turn) return nullptr;
  ++under_way_;
  return turn->item;
}

void CallTurns::give_back(std::string_view tenant) noexcept {
  std::coroutine_handle<> handle;
  Executor* executor = nullptr;
  {
    const MutexLock lock(mutex_);
    INVARIANT(under_way_ > 0, "a call gives back a turn that nobody has taken");
    --under_way_;
    queue_.done(tenant);
    // At most one: one place has become free, or the one tenant that had all it may have can go on.
    if (const Waiter* waiter = next()) {
      handle = waiter->handle_;
      executor = waiter->executor_;
    }
  }
  if (executor != nullptr) executor->resume_surely({&handle, 1});
}

}  // namespace triggers::store::dynamo
