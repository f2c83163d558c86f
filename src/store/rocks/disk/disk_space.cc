#include "store/rocks/disk/disk_space.h"

#include <sys/statvfs.h>

#include <algorithm>

namespace triggers::store {
namespace {

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;

std::uint64_t low_bytes(const DiskSpace& space) {
  return std::max(std::min(space.total_bytes / 10, 10 * gibibyte), 2 * space.reserve_bytes);
}

std::uint64_t very_low_bytes(const DiskSpace& space) {
  return std::max(std::min(space.total_bytes / 50, 2 * gibibyte), space.reserve_bytes);
}

}  // namespace

DiskSpace measure_disk(const std::string& directory) {
  struct statvfs found{};
  if (statvfs(directory.c_str(), &found) != 0) return {};
  return {.free_bytes = std::uint64_t{found.f_bavail} * found.f_frsize,
          .total_bytes = std::uint64_t{found.f_blocks} * found.f_frsize};
}

DiskLevel disk_level(const DiskSpace& space, DiskLevel before) {
  const auto below = [&](std::uint64_t limit, DiskLevel level) {
    return space.free_bytes < (before >= level ? limit + limit / 4 : limit);
  };
  if (space.total_bytes == 0) return DiskLevel::enough;
  if (below(very_low_bytes(space), DiskLevel::very_low)) return DiskLevel::very_low;
  if (below(low_bytes(space), DiskLevel::low)) return DiskLevel::low;
  return DiskLevel::enough;
}

}  // namespace triggers::store
