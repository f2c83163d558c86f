#pragma once

#include <condition_variable>
#include <coroutine>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/result.h"

namespace triggers::store {

/// Threads for reads, which may wait for the disk: an IO thread never does. Any thread with an Executor may call run().
class ReaderPool {
 public:
  /// `waiting_max`: one more read that waits is refused with `overloaded`.
  ReaderPool(unsigned threads, std::size_t waiting_max);
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;
  /// Waits for the reads that were taken.
  ~ReaderPool();

  /// Awaitable: runs `read()` on a pool thread, resumes on the caller's executor with its result, which must be a
  /// Result<T>. `read` must not throw.
  template <class Read>
  auto run(Read read) {
    using R = std::invoke_result_t<Read&>;
    struct Awaiter final : Job {
      Awaiter(ReaderPool& pool_in, Read read_in) : pool(pool_in), read(std::move(read_in)) {}
      ReaderPool& pool;
      Read read;
      std::optional<R> result;

      void work() override { result.emplace(read()); }
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> handle) {
        this->waiter = handle;
        this->executor = &Executor::current();
        if (pool.push(*this)) return true;
        result.emplace(Error{ErrorCode::overloaded, "too many reads are waiting"});
        return false;
      }
      R await_resume() { return std::move(*result); }
    };
    return Awaiter{*this, std::move(read)};
  }

 private:
  struct Job {
    virtual void work() = 0;
    std::coroutine_handle<> waiter;
    Executor* executor = nullptr;

   protected:
    ~Job() = default;
  };

  bool push(Job& job);
  void serve();

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job*> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace triggers::store
