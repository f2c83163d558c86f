#include "base/executor.h"

#include "base/invariant.h"

namespace triggers {
namespace {
thread_local Executor* current_executor = nullptr;
}

Executor& Executor::current() noexcept {
  INVARIANT(current_executor != nullptr);
  return *current_executor;
}

Executor::Scope::Scope(Executor& executor) noexcept : previous_(current_executor) { current_executor = &executor; }

Executor::Scope::~Scope() { current_executor = previous_; }

}  // namespace triggers
