#pragma once

// The threads on which reads wait for the disk, and the order of tenants there. It knows no events: the reads are in
// page_reader.h and database/stored_record.h.

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/fair_queue.h"
#include "base/mutex.h"
#include "base/result.h"

namespace triggers::store {

/// Threads for reads that may wait for the disk, which an IO thread must not do. Any thread with an Executor may call
/// run().
///
/// Tenants take turns (FairQueue): a tenant with many reads, or long ones, delays another tenant's read by one of them
/// at most. One tenant has at most all threads but one.
class ReaderPool {
 public:
  /// The priority of the threads.
  enum class Priority : std::uint8_t {
    normal,
    low,  ///< Behind the IO loops and the committer: for reads that compute for long.
  };
  /// Throws std::system_error, and leaves no thread, if one cannot be started. `waiting_max`: of all tenants. A tenant
  /// with its share of it is refused with `share_used` and `busy`. `name`: of the threads, a literal.
  ReaderPool(unsigned threads, std::size_t waiting_max, std::string_view name = "reader",
             Priority priority = Priority::normal, std::string busy = "Too many reads of this tenant are waiting.");
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;
  /// Waits for the reads that were taken.
  ~ReaderPool();

  /// Awaitable: runs `read()` on a pool thread, resumes on the caller's executor with its result, which must be a
  /// Result<T>. An exception of `read` becomes `internal`. The read takes a turn of `tenant`, whose text must live
  /// until then; empty: of no tenant.
  template <class Read>
  auto run(std::string_view tenant, Read read) {
    using R = std::invoke_result_t<Read&>;
    struct Awaiter final : Job {
      Awaiter(ReaderPool& pool_in, std::string_view tenant_in, Read read_in) : pool(pool_in), read(std::move(read_in)) {
        this->tenant = tenant_in;
      }
      ReaderPool& pool;
      Read read;
      std::optional<R> result;

      void work() noexcept override {
        try {
          result.emplace(read());
        } catch (...) {
          result.emplace(pool.caught());
        }
      }
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> handle) {
        this->waiter = handle;
        this->executor = &Executor::current();
        if (pool.push(*this)) return true;
        result.emplace(Error{ErrorCode::share_used, pool.busy_});
        return false;
      }
      R await_resume() { return std::move(*result); }
    };
    return Awaiter{*this, tenant, std::move(read)};
  }

  /// Exceptions that reads have thrown.
  [[nodiscard]] std::uint64_t exceptions() const noexcept { return exceptions_.load(std::memory_order_relaxed); }
  /// Reads that a thread has taken.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

 private:
  struct Job {
    virtual void work() noexcept = 0;
    std::string_view tenant;
    std::coroutine_handle<> waiter;
    Executor* executor = nullptr;

   protected:
    ~Job() = default;
  };

  bool push(Job& job);
  /// Ends the threads once they have run what waits.
  void stop();
  void serve() noexcept;
  /// Counts and logs the exception that is being handled.
  Error caught() noexcept;

  const std::string busy_;
  std::atomic<std::uint64_t> exceptions_{0}, taken_{0};
  Mutex mutex_;
  Condition wake_;
  FairQueue<Job*> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace triggers::store
