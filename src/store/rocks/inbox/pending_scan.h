#pragma once

// Walks over the pending entries of an inbox, in a range and an order, and stops after too many that were removed. What
// a page takes from them is in read/page_reader.h; what a lease takes is in commit/lease_stage.h.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/page.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/inbox_state.h"

namespace rocksdb {
struct ReadOptions;
}

namespace triggers::store {

/// Ids from `first` on and before `end` (without one, to the newest), and the order of the scan.
struct PendingRange {
  PageOrder order = PageOrder::oldest_first;
  EventId first;
  std::optional<EventId> end{};

  /// The rest of the range after `id`, in that order.
  [[nodiscard]] PendingRange behind(const EventId& id) const;
  /// The id directly before `id` in that order, so that a page after it begins with `id`.
  [[nodiscard]] EventId before(const EventId& id) const;
};

/// The next larger id. The largest id, which no event has, is its own successor.
[[nodiscard]] EventId successor(const EventId& id);

/// The pending entries of one inbox in a range. An entry that was acknowledged leaves marks that RocksDB steps over
/// until it compacts; a scan steps over a limited number of them. For one thread. `database` and `inbox` outlive it.
class PendingScan {
 public:
  /// `removed_max`: how many removed entries it steps over. 0 means no limit; 1 to 15 count as 16, so that a scan
  /// always advances.
  PendingScan(Database& database, const InboxState& inbox, const rocksdb::ReadOptions& options,
              const PendingRange& range, std::size_t removed_max);
  PendingScan(const PendingScan&) = delete;
  PendingScan& operator=(const PendingScan&) = delete;
  ~PendingScan();

  [[nodiscard]] bool valid() const;
  void next();
  [[nodiscard]] EventId id() const;
  /// As it is stored.
  [[nodiscard]] std::string_view value() const;
  /// `internal` if the entry cannot be read.
  [[nodiscard]] Result<std::string_view> event_type() const;
  /// It has stepped over as many removed entries as it may. valid() may still be true.
  [[nodiscard]] bool tired() const;
  /// It stepped over as many marks as it may in a row, or its options forbid to read what is not in memory.
  [[nodiscard]] bool gave_up() const;
  /// Where it gave up, if it did and might read everything: it stepped over as many marks as it may in a row. Nothing
  /// is pending between the entry before and here; whether this one is, is not known.
  [[nodiscard]] Result<std::optional<EventId>> gave_up_at() const;
  /// An error unless the scan has ended or given up.
  [[nodiscard]] Status status() const;

 private:
  class Walk;

  Database& database_;
  const std::string& tenant_;
  const std::size_t prefix_bytes_;
  const std::size_t removed_max_;
  const int perf_level_before_;  ///< Of this thread, which counts during the scan.
  const std::uint64_t removed_before_;
  const std::unique_ptr<Walk> walk_;
};

}  // namespace triggers::store
