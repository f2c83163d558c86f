#include "store/rocks/disk/disk_reserve.h"

#include <algorithm>

namespace triggers::store {
namespace {

/// Of every table there is a little more than its entries.
constexpr std::uint64_t tables_margin_bytes = 1024 * 1024;

}  // namespace

std::uint64_t DiskReserve::bytes(std::uint64_t total_bytes) const noexcept {
  return std::min(wanted_bytes_, total_bytes / 4);
}

void DiskReserve::measured(const DiskSpace& space) noexcept {
  const std::uint64_t reserve = bytes(space.total_bytes);
  // What cannot be measured is not full.
  if (reserve == 0) return left_.store(unknown, std::memory_order_relaxed);
  const std::uint64_t needed =
      std::max(has_room() ? reserve : reserve + reserve / 4, tables_bytes(space.logs_bytes) + tables_margin_bytes);
  const auto left = static_cast<std::int64_t>(space.free_bytes) - static_cast<std::int64_t>(needed);
  left_.store(left, std::memory_order_relaxed);
}

}  // namespace triggers::store
