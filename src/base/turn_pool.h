#pragma once

// Threads for long computation, where tenants take turns. For reads that wait for the disk there is in
// store/rocks/read/reader_pool.h; the queue without threads is in fair_queue.h.

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/fair_queue.h"
#include "base/mutex.h"

namespace triggers {

/// Threads of low priority, for computation that would block an IO loop. Holders (tenants) take turns: however much
/// work of one holder waits, another holder's next piece waits for at most one piece of each. The queue has no limit of
/// its own: each caller waits for its work, so the number of callers bounds it. Any thread with an Executor may call
/// run().
class TurnPool {
 public:
  /// Throws std::system_error, and leaves no thread, if one cannot be started. `name`: of the threads, a literal.
  explicit TurnPool(unsigned threads, std::string_view name = "turns");
  TurnPool(const TurnPool&) = delete;
  TurnPool& operator=(const TurnPool&) = delete;
  /// Finishes the work that waits.
  ~TurnPool();

  /// Awaitable: runs `work()` on a thread of the pool, and resumes on the caller's executor with its result. An
  /// exception of `work` is thrown there.
  template <class Work>
  auto run(std::string_view holder, Work work) {
    using R = std::invoke_result_t<Work&>;
    struct Awaiter final : Job {
      Awaiter(TurnPool& pool_in, std::string_view holder_in, Work work_in)
          : pool(pool_in), holder(holder_in), work(std::move(work_in)) {}
      TurnPool& pool;
      std::string_view holder;
      Work work;
      std::optional<R> result;
      std::exception_ptr exception;

      void run() noexcept override {
        try {
          result.emplace(work());
        } catch (...) {
          exception = std::current_exception();
        }
      }
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> handle) {
        this->waiter = handle;
        this->executor = &Executor::current();
        pool.push(holder, *this);
      }
      R await_resume() {
        if (exception) std::rethrow_exception(exception);
        return std::move(*result);
      }
    };
    return Awaiter{*this, holder, std::move(work)};
  }

  /// How many pieces of work wait for a thread.
  [[nodiscard]] std::size_t waiting() const;
  /// How many pieces threads have taken so far.
  [[nodiscard]] std::uint64_t taken() const;

 private:
  struct Job {
    virtual void run() noexcept = 0;
    std::coroutine_handle<> waiter;
    Executor* executor = nullptr;

   protected:
    ~Job() = default;
  };
  static constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

  void push(std::string_view holder, Job& job);
  /// Ends the threads once nothing waits.
  void stop();
  void serve();

  mutable Mutex mutex_;
  Condition wake_;
  FairQueue<Job*> queue_ GUARDED_BY(mutex_){unbounded, unbounded};
  std::uint64_t taken_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace triggers
