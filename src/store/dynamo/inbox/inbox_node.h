#pragma once

// What a node of a fleet keeps of the inboxes that it serves, and its regular work on them. One request's work on one
// inbox is in inbox_entries.h.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/dynamo/events/counts.h"
#include "store/dynamo/events/shards.h"
#include "store/dynamo/inbox/entry_work.h"
#include "store/dynamo/inbox/inbox_state.h"
#include "store/waiters.h"

namespace triggers::store::dynamo {

/// One for all requests of a node. It holds hints only: after a restart, everything is found in the table. Any thread.
class InboxNode {
 public:
  /// `table` is used for what concurrent requests share. The others outlive it. `undelivered`: Counts of all inboxes.
  InboxNode(Table& table, Shards& shards, Counts& undelivered, const Clock& clock, InboxNodeConfig config);

  /// An accept has put the event into these inboxes of the tenant.
  void accepted(const Tenant& tenant, std::span<const std::uint64_t> numbers, const EventId& id);
  /// The inbox was removed: its readers are woken, and do not come back.
  void removed(const Tenant& tenant, std::uint64_t number);
  /// What the readers of an inbox that exists wait on.
  [[nodiscard]] std::shared_ptr<InboxWaiters> arrivals(const Tenant& tenant, std::uint64_t number);
  [[nodiscard]] Waiters& waiters() noexcept { return waiters_; }

  /// Inboxes that readers of this node hold, or (`all`) that it remembers.
  struct Known {
    Tenant tenant{};
    std::uint64_t number = 0;
  };
  [[nodiscard]] std::vector<Known> known(bool all) const;

  /// Writes what it knows of fronts and counts, if that is due; `everything`: also what is not. Call it every second,
  /// and with `everything` before the end.
  Task<void> flush(bool everything);

  /// For InboxEntries. `place` outlives the work.
  [[nodiscard]] EntryWork work(Table& table, const InboxPlace& place);
  [[nodiscard]] std::shared_ptr<InboxState> state(const Tenant& tenant, std::uint64_t number);
  [[nodiscard]] EntryCounts& counts() noexcept { return counts_; }
  /// Before the first lease; `room` outlives it. Without it, there is room for every lease.
  void limit_tracked(TrackedRoom& room) { tracked_room_ = &room; }

 private:
  using Key = std::pair<std::string, std::uint64_t>;

  /// The wall clock, but never back: a lease must not become longer because the clock was set back.
  [[nodiscard]] UnixMillis lease_time();
  [[nodiscard]] std::shared_ptr<InboxState> find(const Tenant& tenant, std::uint64_t number) const;
  void forget_some() REQUIRES(mutex_);

  Table& table_;
  Shards& shards_;
  const Clock& clock_;
  const InboxNodeConfig config_;
  Waiters waiters_;  // Before the states, which it outlives.
  EntryCounts counts_;
  TrackedRoom* tracked_room_ = nullptr;
  mutable Mutex mutex_;
  std::map<Key, std::shared_ptr<InboxState>> states_ GUARDED_BY(mutex_);
  Mutex time_mutex_;
  UnixMillis time_ GUARDED_BY(time_mutex_){};
  std::chrono::steady_clock::time_point time_at_ GUARDED_BY(time_mutex_);
};

}  // namespace triggers::store::dynamo
