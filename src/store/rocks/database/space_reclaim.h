#pragma once

// Gives disk space back while there is little: it writes memtables to tables, so that the logs can be removed, and
// compacts removed events. When new events are refused for lack of space: disk/disk_reserve.h.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>

#include "store/rocks/database/database_config.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
}  // namespace rocksdb

namespace triggers::store {

/// RocksDB gives space back when memtables are full and tables many. While events are refused, neither may happen, so
/// the removal of events would free nothing. One thread, where nothing else is said.
class SpaceReclaim {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Families = std::array<rocksdb::ColumnFamilyHandle*, family_count>;

  /// The events of a larger store are not compacted at once, because that may take hours. RocksDB's own compactions
  /// remove them a little at a time.
  static constexpr std::uint64_t compacted_bytes_max = std::uint64_t{4} << 30;
  static constexpr std::chrono::seconds flush_interval{1}, compaction_interval{10};  ///< Between two beginnings.

  /// `db` outlives this.
  SpaceReclaim(rocksdb::DB& db, const Families& families) noexcept : db_(db), families_(families) {}
  SpaceReclaim(const SpaceReclaim&) = delete;
  SpaceReclaim& operator=(const SpaceReclaim&) = delete;
  /// Ends a compaction that is under way.
  ~SpaceReclaim();

  struct Situation {
    std::uint64_t free_bytes = 0;
    std::uint64_t logs_bytes = 0;       ///< Of the logs on the disk.
    std::uint64_t unflushed_bytes = 0;  ///< About what the memtables take as tables.
    bool has_room = true;               ///< False: new events are refused.
  };
  /// Call it a few times a second. It does not wait for what it begins.
  void tend(const Situation& situation, TimePoint now);
  /// Any thread.
  void note_removed_events() noexcept { events_removed_.store(true, std::memory_order_relaxed); }

 private:
  void flush();
  void compact_events();

  rocksdb::DB& db_;
  const Families families_;
  std::atomic<bool> events_removed_{false}, cancelled_{false};
  std::future<void> running_;
  TimePoint next_flush_{}, next_compaction_{};
};

}  // namespace triggers::store
