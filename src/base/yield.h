#pragma once

// Lets a coroutine give way to the others on its thread.

#include <coroutine>

#include "base/executor.h"

namespace triggers {

/// Awaitable: lets the coroutines that are ready on this thread's executor run first.
[[nodiscard]] inline auto yield() noexcept {
  struct Awaiter {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) const { Executor::current().resume({&self, 1}); }
    void await_resume() const noexcept {}
  };
  return Awaiter{};
}

}  // namespace triggers
