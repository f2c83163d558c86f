#pragma once

// What an engine without group commits tells the metrics of leases and entries. Those of a commit are in
// rocks/commit/commit_stats.h.

#include <cstddef>

namespace triggers::store {

/// What has happened since the last call with one. Entries, unless it says otherwise.
struct LeaseStats {
  std::size_t leases = 0;           ///< That were taken.
  std::size_t refused = 0;          ///< Leases: too many entries of the inbox are leased.
  std::size_t refused_tracked = 0;  ///< Leases: TenantLimits::tracked_max.
  std::size_t leased = 0;
  std::size_t acknowledged = 0;  ///< By the holder of their lease.
  std::size_t released = 0;
  std::size_t lost = 0;       ///< A lease named them and did not hold them.
  std::size_t timed_out = 0;  ///< Their lease ended by itself.
  std::size_t died = 0;       ///< Their attempts are used up.
  std::size_t expired = 0;    ///< Undelivered ones that were older than their inbox's retention.
};

}  // namespace triggers::store
