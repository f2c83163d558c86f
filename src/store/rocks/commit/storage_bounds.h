#pragma once

// Whether a new event is within the bounds of storage, and the stored bytes of each tenant that this needs. What counts
// is in store/storage_limits.h; a start loads the counters in inbox/stored_bytes_table.h.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/event_log.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/stored_bytes_table.h"
#include "store/rocks/inbox/tenants.h"
#include "store/storage_limits.h"

namespace triggers::store {

/// Refuses new events that would pass a bound. Counts the stored bytes of tenants if there is a limit for them, and
/// costs next to nothing otherwise. For the committer's thread.
class StorageBounds {
 public:
  /// `stored`: as load_stored_bytes() has found it. `database` outlives this.
  StorageBounds(const Database& database, const TenantLimits& limits, StoredBytesByTenant stored);
  StorageBounds(const StorageBounds&) = delete;
  StorageBounds& operator=(const StorageBounds&) = delete;

  /// The bound that a new event would pass, if it comes into so many inboxes. Events that this commit has accepted
  /// count.
  [[nodiscard]] std::optional<StorageLimit> refuses(const TenantState& tenant, const IncomingEvent& event,
                                                    std::size_t takers) const {
    if (!database_.has_room()) return StorageLimit::disk_reserve;
    return limits_.any() ? refuses_tenant(tenant, event, takers) : std::nullopt;
  }
  /// The event is accepted.
  void stored(const std::string& tenant, const IncomingEvent& event) {
    if (limits_.bytes_max > 0) add(tenant, bytes_of(event));
  }
  /// An event that counts so much leaves the log.
  void removed(const std::string& tenant, std::uint64_t bytes);

  void begin() noexcept;
  /// keep() confirms what was changed so far; undo() forgets what was changed since the last keep().
  void keep() noexcept { undo_.clear(); }
  void undo() noexcept;
  /// Puts the counters that the commit has changed.
  void put(rocksdb::WriteBatch& batch) const;
  /// The commit is durable.
  void publish() noexcept;
  /// The commit was not written.
  void discard() noexcept;

  /// Of all tenants, as of the last commit; 0 if they are not counted. Any thread.
  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return total_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Counter {
    const std::string* tenant = nullptr;
    std::uint64_t bytes = 0, published = 0;
    bool touched = false;  ///< By the commit that is being built.
  };
  struct Undo {
    Counter* counter;
    std::uint64_t bytes;
    bool touched;
  };

  [[nodiscard]] static std::uint64_t bytes_of(const IncomingEvent& event) noexcept;
  [[nodiscard]] std::optional<StorageLimit> refuses_tenant(const TenantState& tenant, const IncomingEvent& event,
                                                           std::size_t takers) const;
  void add(const std::string& tenant, std::uint64_t bytes);
  Counter& change(const std::string& tenant);

  const Database& database_;
  const TenantLimits limits_;
  std::unordered_map<std::string, Counter> counters_;
  std::vector<Counter*> touched_;
  std::vector<Undo> undo_;
  std::atomic<std::uint64_t> total_bytes_{0};
};

}  // namespace triggers::store
