#pragma once

// How full the disk is, and when its space is low. When new events are refused for it: disk_reserve.h. Stopping and
// resuming writes on a full disk is in database/database_upkeep.cc.

#include <cstdint>
#include <string>

namespace triggers::store {

/// How much free space the store's disk has left, as a level.
enum class DiskLevel : std::uint8_t { enough, low, very_low };

struct DiskSpace {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::uint64_t reserve_bytes = 0;    ///< With less free space, new events are refused; see DiskReserve.
  std::uint64_t logs_bytes = 0;       ///< What the write-ahead logs take, if the caller has said so.
  std::uint64_t unflushed_bytes = 0;  ///< Of it, about what is in no table yet, if the caller has said so.
  DiskLevel level = DiskLevel::enough;
};

/// The free space that the file system of `directory` has for this process's user. All zero if it cannot be read.
[[nodiscard]] DiskSpace measure_disk(const std::string& directory);

/// The level of `space`, if the last level was `before`. A level ends only with a quarter more free space than it began
/// with. Low is less than a tenth of the disk or 10 GiB, whichever is less, but at least twice the reserve: so an
/// operator knows before events are refused. Very low is less than a fiftieth or 2 GiB, but at least the reserve.
[[nodiscard]] DiskLevel disk_level(const DiskSpace& space, DiskLevel before);

}  // namespace triggers::store
