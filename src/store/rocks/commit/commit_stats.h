#pragma once

// What one group commit tells the metrics. The committer fills it: group_commit.h, committer.h.

#include <array>
#include <chrono>
#include <cstddef>

#include "store/storage_limits.h"

namespace triggers::store {

/// One group commit, for the metrics.
struct CommitStats {
  std::size_t operations = 0;  ///< Calls of append and acknowledge, and parts of calls.
  std::size_t accepted = 0;
  std::size_t duplicates = 0;
  std::array<std::size_t, storage_limit_count> without_room{};  ///< Events that a StorageLimit refused, by its place.
  std::size_t acknowledged = 0;
  std::size_t leases = 0;
  std::size_t leased = 0;                  ///< Entries.
  std::size_t leases_refused = 0;          ///< Too many entries of the inbox are leased.
  std::size_t leases_refused_tracked = 0;  ///< Too many entries of the tenant are in memory.
  std::size_t acknowledged_by_lease = 0;   ///< Of the acknowledged entries.
  std::size_t released = 0;                ///< Entries.
  std::size_t lease_lost = 0;              ///< Entries that a lease named and did not hold.
  std::size_t ended = 0;                   ///< Leases and delays of entries, by themselves.
  std::size_t leases_timed_out = 0;        ///< Of these, leases.
  std::size_t died = 0;                    ///< Entries whose attempts are used up.
  std::size_t reads = 0;                   ///< Of the store, to look for duplicates and entries.
  std::size_t compared_bytes = 0;          ///< Of payloads that were compared or hashed to tell duplicates.
  std::size_t hashed_bytes = 0;            ///< Of these, what was hashed. At most DigestBudget::bytes_max.
  std::size_t left_events = 0;             ///< Postponed, for a digest or routes that are made outside of a commit.
  std::size_t bytes = 0;                   ///< Of the batch.
  std::chrono::nanoseconds log_time{0};    ///< Writing and syncing the write-ahead log.
  std::chrono::nanoseconds total_time{0};  ///< From the first look-up to the last waiter's wake-up.
};

}  // namespace triggers::store
