#pragma once

// The queue in front of the committer: limits, order, and which operations form the next commit. What one operation is:
// operation.h. What the committer does with it: committer.h.

#include <atomic>
#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/task.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/commit/queue_shares.h"
#include "store/rocks/commit/tenant_turns.h"

namespace triggers::store {

struct CommitLimits {
  std::size_t queue_operations_max = 20'000;       ///< In progress; one more is refused with `overloaded`.
  std::size_t queue_bytes_max = 64 * 1024 * 1024;  ///< Of their `bytes`.
  /// Events and acknowledged ids in one commit, and their bytes; one larger element goes alone. While several tenants
  /// write, a commit is short, because requests that arrive meanwhile wait for it. For a lone tenant it may be long,
  /// which takes fewer syncs.
  std::size_t commit_elements_max = 256, commit_bytes_max = 256 * 1024;
  std::size_t lone_commit_elements_max = 1024, lone_commit_bytes_max = 4 * 1024 * 1024;
  std::chrono::milliseconds lone_after{1000};  ///< Since another tenant has written.
  std::size_t turn_elements_max = 32;          ///< Of one tenant in its turn.
  std::size_t turn_bytes_max = 64 * 1024;      ///< The same; one larger element is a turn.
};

/// The queue before the committer: many producers, one consumer. No timer: the operations that arrived while the last
/// batch was being synced are the next batch. If they do not fit into one batch, tenants take turns with some elements
/// each, so a tenant that sends much delays only itself. A large operation is handed out in parts.
///
/// An executor hands its operations over at the end of its turn, when it has run all ready coroutines. So a whole turn
/// costs one lock and one wake-up, and the committer does not sync for the first of a hundred requests that arrived
/// together.
class CommitQueue {
 public:
  explicit CommitQueue(CommitLimits limits)
      : limits_(limits), shares_(limits.queue_operations_max, limits.queue_bytes_max) {}
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  /// Awaitable: queues `operation` and resumes once it was committed or refused. `operation` must outlive the await.
  auto submit(Operation& operation) {
    struct Awaiter {
      CommitQueue& queue;
      Operation& operation;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> waiter) { return queue.push(operation, waiter); }
      void await_resume() const noexcept {}
    };
    return Awaiter{*this, operation};
  }

  /// Waits for work and puts the next batch into `batch`: of each operation the elements of its part. False when closed
  /// and empty. For the committer only, which finishes a batch before it takes the next. Throws std::bad_alloc only
  /// before it has taken anything.
  ///
  /// Returns with an empty batch if there is no work at `until`, or if ring() was called since the last take().
  ///
  /// `count_entries` says about how many entries an operation whose number of entries is open has at most now.
  using CountEntries = std::function<std::size_t(const Operation&)>;
  bool take(std::vector<Operation*>& batch, std::optional<std::chrono::steady_clock::time_point> until = {},
            const CountEntries& count_entries = {});
  /// Ends the wait of take(). Any thread.
  void ring();

  /// From now on refuses new operations, and those that were not handed over yet, with `unavailable`. take() still
  /// hands out the waiting ones.
  void close();

  /// The operations that were submitted and have not ended.
  [[nodiscard]] std::size_t depth() const noexcept { return depth_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  /// Of them, those that an executor has handed over and take() has not fetched. The next take() fetches them all.
  /// An operation counts in depth() before, from its submission, when a take() would still miss it.
  [[nodiscard]] std::size_t waiting() const;

  /// After a commit of what take() handed out: resumes the waiters of those operations which have ended, one call for
  /// each executor. Until then they count against the limits. Of the others the next part is handed out in their
  /// tenant's turn. If there is no memory it waits for some, because a request whose waiter is not resumed never ends.
  void finish(std::span<Operation* const> operations) noexcept;

 private:
  /// What one executor has submitted in its turn. Touched by its thread only.
  struct Turn {
    std::vector<Operation*> operations;
  };

  /// True if the waiter is suspended; false if the operation was refused and the waiter continues at once.
  bool push(Operation& operation, std::coroutine_handle<> waiter);
  /// Counts the operation against the limits if there is room, also in its tenant's share.
  bool reserve(const Operation& operation);
  void release(std::size_t operations, std::size_t bytes) noexcept;
  void release_share(const Operation& operation) noexcept;
  /// Lets the operations that have arrived count no more elements and bytes than they can have.
  void count_elements(const CountEntries& count_entries);
  void set_found_max(Operation& operation, std::size_t entries) noexcept;
  /// Fetches what has arrived. False when closed and empty.
  bool wait_for_work(const std::optional<std::chrono::steady_clock::time_point>& until);
  [[nodiscard]] bool has_work() const REQUIRES(mutex_);
  /// What a batch holds while take() fills it, and what of it is the present turn's.
  struct Filling {
    std::size_t elements_max, bytes_max;
    std::size_t elements = 0, bytes = 0, turn_elements = 0, turn_bytes = 0;
    bool full = false;
  };
  /// An empty batch with its limits, which depend on how many tenants have written.
  Filling empty_batch();
  [[nodiscard]] static bool fits(std::span<Operation* const> operations, const Filling& batch);
  /// Adds one turn of the next tenant. False if the batch is full.
  bool take_turn(std::vector<Operation*>& batch, Filling& filling);
  bool take_element(std::size_t bytes, Filling& filling) const noexcept;
  /// Resumes the waiters of operations that have ended.
  void answer(std::span<Operation* const> operations) noexcept;
  /// Adds the operation to those that its executor submits in this turn. Without memory it throws std::bad_alloc and
  /// changes nothing.
  void enter_turn(Operation& operation);
  Turn& turn_of(const Executor& executor);
  /// Waits until the executor has run its ready coroutines, then hands their operations over.
  RootTask end_turn(Turn& turn);
  void hand_over(Turn& turn);

  const CommitLimits limits_;
  QueueShares shares_;
  SharedMutex turns_mutex_;
  std::unordered_map<const Executor*, std::unique_ptr<Turn>> turns_ GUARDED_BY(turns_mutex_);
  mutable Mutex mutex_;
  Condition wake_;
  std::vector<Operation*> waiting_ GUARDED_BY(mutex_);
  bool idle_ GUARDED_BY(mutex_) = false;  ///< The committer waits, or is about to.
  bool rung_ GUARDED_BY(mutex_) = false;
  // For the committer's thread only: operations that it has fetched but not handed out.
  std::vector<Operation*> arrived_;
  TenantTurns turns_by_tenant_;
  std::string last_tenant_;
  std::chrono::steady_clock::time_point other_tenant_at_{};  ///< When the writing tenant last changed.
  std::atomic<bool> closed_{false};
  std::atomic<std::size_t> depth_{0};
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace triggers::store
