#pragma once

// The bounds of what is stored: which there are, and what of a tenant counts against its own. An append that one of
// them refuses is answered in event_log.h; whether the disk has room is asked in status.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace triggers::store {

/// A bound that refuses new events. Everything else goes on.
enum class StorageLimit : std::uint8_t {
  disk_reserve,        ///< The free space of the disk is below the reserve.
  tenant_bytes,        ///< TenantLimits::bytes_max
  tenant_undelivered,  ///< TenantLimits::undelivered_max
};
inline constexpr std::size_t storage_limit_count = 3;

/// Of each tenant by itself. 0: no limit.
struct TenantLimits {
  std::uint64_t bytes_max = 0;        ///< The sum of stored_bytes() over the events of its log.
  std::uint64_t undelivered_max = 0;  ///< Entries of all its inboxes, dead ones not counted.
  /// Tracked entries of all its inboxes: those that were leased, or that a replay has put behind such entries, and that
  /// have not left: leased, delayed, dead, or available again. The embedded engine keeps each of them in memory. A
  /// lease gets no entry beyond it that was never leased, and a replay waits. New events are not refused for it.
  std::uint64_t tracked_max = 0;

  /// Whether new events may be refused.
  [[nodiscard]] bool any() const noexcept { return bytes_max > 0 || undelivered_max > 0; }
};

/// What an event counts besides its text, for its keys, entries and marks.
inline constexpr std::uint64_t stored_event_overhead_bytes = 256;

/// What an event counts against its tenant's bytes, from its acceptance until it leaves the log.
[[nodiscard]] inline std::uint64_t stored_bytes(std::string_view event_type, std::optional<std::string_view> source,
                                                std::string_view payload, std::string_view metadata) noexcept {
  return stored_event_overhead_bytes + event_type.size() + source.value_or(std::string_view{}).size() + payload.size() +
         metadata.size();
}

}  // namespace triggers::store
