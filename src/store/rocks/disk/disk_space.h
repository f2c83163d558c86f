#pragma once

#include <cstdint>
#include <string>

namespace triggers::store {

/// How near its end the room on the store's disk is.
enum class DiskLevel : std::uint8_t { enough, low, very_low };

struct DiskSpace {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
  DiskLevel level = DiskLevel::enough;
};

/// How much room the file system of `directory` has for this process's user. All zero if it does not say.
[[nodiscard]] DiskSpace measure_disk(const std::string& directory);

/// The level of `space`, coming from `before`: it leaves a level only with a quarter more room than it was entered
/// with. Low is less than a tenth of the disk or 10 GiB, whichever is less; very low is less than a fiftieth or 2 GiB.
[[nodiscard]] DiskLevel disk_level(const DiskSpace& space, DiskLevel before);

}  // namespace triggers::store
