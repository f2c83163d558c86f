#include "base/executor.h"

#include <chrono>
#include <thread>

#include "base/invariant.h"

namespace triggers {
namespace {

thread_local Executor* current_executor = nullptr;

constexpr std::chrono::milliseconds memory_retry_interval{1};

}  // namespace

void Executor::resume_surely(std::span<const std::coroutine_handle<>> handles) noexcept {
  for (;;) {
    try {
      resume(handles);
      return;
    } catch (...) {
      std::this_thread::sleep_for(memory_retry_interval);
    }
  }
}

Executor& Executor::current() noexcept {
  INVARIANT(current_executor != nullptr, "this thread runs no executor that could resume the coroutine");
  return *current_executor;
}

Executor::Scope::Scope(Executor& executor) noexcept : previous_(current_executor) { current_executor = &executor; }

Executor::Scope::~Scope() { current_executor = previous_; }

}  // namespace triggers
