#pragma once

// The interface of a thread that runs coroutines, a way to resume them that survives a lack of memory, and the
// executor of the calling thread. The interface is implemented in net/io_executor.h with IO, in sync_wait.h without,
// and in lambda/invocation_executor.h. Threads for blocking or long work are in turn_pool.h and
// store/rocks/read/reader_pool.h; they resume coroutines through this interface.

#include <coroutine>
#include <span>

namespace triggers {

/// A thread that runs coroutines. A coroutine that suspends on one executor is resumed on the same one, so its state
/// needs no lock.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  /// Resumes every handle on this executor's thread, in order. Any thread may call; the handles are copied.
  virtual void resume(std::span<const std::coroutine_handle<>> handles) = 0;

  /// resume() for a thread that cannot pass an exception on. It retries while there is no memory for the hand-over,
  /// because a coroutine that is never resumed hangs.
  void resume_surely(std::span<const std::coroutine_handle<>> handles) noexcept;

  /// The executor of the calling thread, which must have one (an INVARIANT).
  static Executor& current() noexcept;

 protected:
  /// Makes `executor` the calling thread's executor for a scope.
  class Scope {
   public:
    explicit Scope(Executor& executor) noexcept;
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

   private:
    Executor* previous_;
  };
};

}  // namespace triggers
