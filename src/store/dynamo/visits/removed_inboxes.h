#pragma once

// Deletes what removed inboxes have left. That an inbox is removed is in settings/settings_items.h.

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/events/shards.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

/// Deletes all items of the inboxes that the settings list as removed: entries, records, lists, reminders, counts and
/// jobs. Their numbers are never given again, so nothing else can be meant. Every step may be repeated, on any node.
///
/// A node that has begun a request or an accept with older settings may still write there. So the list keeps an inbox
/// until one look at all its partitions, which began `late_for` after the removal, has found nothing. Then an item
/// remembers the removal's time for as long as the log may have an event of the inbox. For one coroutine.
class RemovedInboxes {
 public:
  /// Settings are used for a second, a request takes ten, and a write may arrive fifteen later; the rest is for clocks
  /// that differ.
  static constexpr std::chrono::milliseconds late_for{60'000};
  using TimePoint = std::chrono::steady_clock::time_point;

  RemovedInboxes(Table& table, Shards& shards, const Clock& clock, std::chrono::hours event_ttl)
      : table_(table), shards_(shards), clock_(clock), event_ttl_(event_ttl) {}

  struct Left {
    bool more = false;   ///< There is more to delete.
    bool waits = false;  ///< There is nothing now; a last look is due late_for later.
  };
  /// Begins nothing after `until`.
  Task<Result<Left>> empty_some(const Tenant& tenant, TimePoint until);

 private:
  /// True: nothing was there.
  Task<Result<bool>> empty(const Tenant& tenant, std::uint64_t number, TimePoint until);
  Task<Result<bool>> empty_partition(std::string partition, TimePoint until);
  Task<Status> forget(const Tenant& tenant, std::uint64_t number, UnixMillis removed_at);

  Table& table_;
  Shards& shards_;
  const Clock& clock_;
  const std::chrono::hours event_ttl_;
};

}  // namespace triggers::store::dynamo
