#pragma once

// Entries that leave an inbox without a consumer: because they are too old, or because the inbox was removed. How a
// commit removes them is in commit/; what leaves the log is in housekeeper.h.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/upkeep/retention_time.h"

namespace triggers::store {

/// Removes entries a little at a time. One thread at a time, which may block; expired() from any thread.
class Departures {
 public:
  /// The others outlive this.
  Departures(Database& database, Tenants& tenants, CommitQueue& queue, RetentionTime& time)
      : database_(database), tenants_(tenants), queue_(queue), time_(time) {}

  /// Removes what is due, until `deadline`. Inboxes take turns with 256 entries each. True: nothing more is due.
  [[nodiscard]] Result<bool> run(std::chrono::steady_clock::time_point deadline);

  /// Entries that were older than the retention of their inbox.
  [[nodiscard]] std::uint64_t expired() const noexcept { return expired_.load(std::memory_order_relaxed); }

 private:
  /// An inbox of which something may have to leave.
  struct Due {
    std::shared_ptr<InboxState> inbox;
    UnixMillis until{};    ///< What was accepted later stays.
    bool removed = false;  ///< The inbox was.
  };
  [[nodiscard]] std::vector<Due> due() const;
  /// Removes some entries. False if nothing more is due.
  Result<bool> serve(const Due& due);
  Result<bool> forget(const Due& due);
  Status submit(const Due& due, LeaveOperation& leave);

  Database& database_;
  Tenants& tenants_;
  CommitQueue& queue_;
  RetentionTime& time_;
  std::size_t first_ = 0;  ///< Who begins. The time of one run may not suffice for all.
  std::atomic<std::uint64_t> expired_{0};
};

}  // namespace triggers::store
