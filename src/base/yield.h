#pragma once

#include <coroutine>

#include "base/executor.h"

namespace triggers {

/// Awaitable: goes on, on the executor of the calling thread, behind what is ready there now.
[[nodiscard]] inline auto yield() noexcept {
  struct Awaiter {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) const { Executor::current().resume({&self, 1}); }
    void await_resume() const noexcept {}
  };
  return Awaiter{};
}

}  // namespace triggers
