#pragma once

// Switches the compactions of a column family off for a while after one has failed, each time for longer, and while
// there is no room for one. The callback that reports the failure is in failure_listener.h.

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/mutex.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
}  // namespace rocksdb

namespace triggers::store {

/// Pauses the compactions of a column family after one of them has failed. RocksDB would try again each second, read up
/// to the same damaged block, and discard its output. During a pause, writes continue: RocksDB does not delay writers
/// of a family whose compactions are off.
class CompactionBackoff {
 public:
  static constexpr std::chrono::minutes first_pause{1};
  static constexpr std::chrono::minutes longest_pause{6 * 60};  ///< Each is twice as long as the one before.

  /// A compaction has failed in the family with this id of RocksDB's. Any thread.
  void note_failure(std::uint32_t family) noexcept;
  /// A compaction has read its files to the end: the next pause is a first one again. Any thread.
  void note_success(std::uint32_t family) noexcept;

  /// Begins or ends the pause of `family` if it is due. Without `has_space` it lasts on, because a compaction would
  /// take the room that writes need, and fail. One thread.
  void tend(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, std::chrono::steady_clock::time_point now,
            bool has_space = true);

 private:
  static constexpr std::size_t families_max = 64;
  struct State {
    bool failed = false;   ///< Since the last tend().
    bool waiting = false;  ///< After a failure, until `until`.
    bool paused = false;
    std::chrono::minutes pause{0};
    std::chrono::steady_clock::time_point until{};
  };

  Mutex mutex_;
  State states_[families_max] GUARDED_BY(mutex_);
};

}  // namespace triggers::store
