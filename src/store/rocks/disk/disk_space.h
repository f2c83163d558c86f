#pragma once

// How full the disk is, and when that is too full. Stopping and resuming writes for it is in
// database/database_upkeep.cc.

#include <cstdint>
#include <string>

namespace triggers::store {

/// How much free space the store's disk has left, as a level.
enum class DiskLevel : std::uint8_t { enough, low, very_low };

struct DiskSpace {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
  DiskLevel level = DiskLevel::enough;
};

/// The free space that the file system of `directory` has for this process's user. All zero if it cannot be read.
[[nodiscard]] DiskSpace measure_disk(const std::string& directory);

/// The level of `space`, if the last level was `before`. A level ends only with a quarter more free space than it began
/// with. Low is less than a tenth of the disk or 10 GiB, whichever is less; very low is less than a fiftieth or 2 GiB.
[[nodiscard]] DiskLevel disk_level(const DiskSpace& space, DiskLevel before);

}  // namespace triggers::store
