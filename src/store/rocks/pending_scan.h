#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/event_store.h"
#include "store/rocks/database.h"
#include "store/rocks/inboxes.h"

namespace rocksdb {
struct ReadOptions;
}

namespace triggers::store {

/// Ids from `first` on and before `end` (without one, to the newest), and the order to go over them.
struct PendingRange {
  PageOrder order = PageOrder::oldest_first;
  EventId first;
  std::optional<EventId> end{};

  /// What lies behind `id`, in that order.
  [[nodiscard]] PendingRange behind(const EventId& id) const;
  /// What lies before `id`, in that order, and `id`.
  [[nodiscard]] PendingRange up_to(const EventId& id) const;
};

/// The least id that is larger; the largest, which is no event's, has none and stays.
[[nodiscard]] EventId successor(const EventId& id);

/// The pending entries of one inbox in a range. An entry that was acknowledged leaves marks that RocksDB steps over
/// until it compacts; a scan steps over a limited number of them. For one thread. `database` and `inbox` outlive it.
class PendingScan {
 public:
  /// `removed_max`: how many removed entries it steps over; 0 is no limit.
  PendingScan(Database& database, const Inbox& inbox, const rocksdb::ReadOptions& options, const PendingRange& range,
              std::size_t removed_max);
  PendingScan(const PendingScan&) = delete;
  PendingScan& operator=(const PendingScan&) = delete;
  ~PendingScan();

  [[nodiscard]] bool valid() const;
  void next();
  [[nodiscard]] EventId id() const;
  [[nodiscard]] std::string_view event_type() const;
  /// It stepped over as many as it may. valid() may still be true.
  [[nodiscard]] bool tired() const;
  /// It stepped over as many as it may in a row, and found nothing there: what lies behind the entry before is not
  /// known.
  [[nodiscard]] bool gave_up() const;
  /// An error unless the scan has ended or given up.
  [[nodiscard]] Status status() const;

  /// Goes over at most `count` of the tenant's acknowledged events in the range, and tells the last of them. They lie
  /// where removed entries do, so a scan up to there has an end. Nothing if there are none.
  [[nodiscard]] static std::optional<EventId> pass_acknowledged(Database& database, const Inbox& inbox,
                                                                const rocksdb::ReadOptions& options,
                                                                const PendingRange& range, std::size_t count);

 private:
  class Walk;

  Database& database_;
  const std::string& tenant_;
  const std::size_t prefix_bytes_;
  const std::size_t removed_max_;
  const std::uint64_t removed_before_;
  const std::unique_ptr<Walk> walk_;
};

}  // namespace triggers::store
