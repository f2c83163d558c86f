#pragma once

// When new events are refused because the disk is nearly full. The free space is measured in disk_space.h, by the
// thread of database/database_upkeep.cc.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "store/rocks/disk/disk_space.h"

namespace triggers::store {

/// The part of the disk that new events may not take, so that acknowledgements, removals and compactions have room to
/// work. Below it, events are refused until a quarter more than the reserve is free again. On a small disk, also while
/// the tables that replace the logs might not fit: a start after a crash has to write them.
class DiskReserve {
 public:
  /// 0: no reserve. There is room until the first measurement.
  explicit DiskReserve(std::uint64_t wanted_bytes) noexcept : wanted_bytes_(wanted_bytes) {}

  /// The reserve on a file system of that size: what is wanted, but at most a quarter of it.
  [[nodiscard]] std::uint64_t bytes(std::uint64_t total_bytes) const noexcept;

  /// Takes in what was measured. One thread.
  void measured(const DiskSpace& space) noexcept;
  /// A commit has written so much to the log since. A measurement counts until the next one, and a second's commits may
  /// be a hundred MiB. Any thread.
  void written(std::size_t bytes) noexcept {
    if (wanted_bytes_ == 0) return;
    left_.fetch_sub(static_cast<std::int64_t>(bytes + tables_bytes(bytes)), std::memory_order_relaxed);
  }

  /// Any thread.
  [[nodiscard]] bool has_room() const noexcept { return left_.load(std::memory_order_relaxed) > 0; }

 private:
  /// At most what logs of that size take as tables.
  [[nodiscard]] static std::uint64_t tables_bytes(std::uint64_t logs_bytes) noexcept {
    return logs_bytes + logs_bytes / 4;
  }

  static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();

  const std::uint64_t wanted_bytes_;
  /// Bytes until the reserve is reached; not positive while events are refused.
  std::atomic<std::int64_t> left_{unknown};
};

}  // namespace triggers::store
