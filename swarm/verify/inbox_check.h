#pragma once

// Compares the inboxes that a journal has leases of with what they list now. The inbox `default` and single events are
// compared in verify.cc; the leases among themselves in lease_check.h.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "swarm/load/blocking_client.h"
#include "swarm/verify/lease_journal.h"

namespace triggers::swarm {

/// When reading a listing gives up.
struct ListingLimits {
  std::chrono::steady_clock::time_point deadline;
  std::size_t entries_max = 0;
  std::size_t empty_pages_max = 0;  ///< In a row.
};

struct ListedEntry {
  Uuid7 id;
  std::uint64_t attempts = 0;
};

/// Every entry that GET /inboxes/{name}/events lists with this state, in the order of the pages. Nothing if the
/// response is 404. Errors: `unavailable` if a page cannot be read, or a limit is exceeded.
Result<std::optional<std::vector<ListedEntry>>> read_entries(BlockingClient& client, const std::string& inbox,
                                                             const std::string& state, const ListingLimits& limits);

struct InboxFaults {
  std::vector<Uuid7> lost;      ///< Leased and not acknowledged, and no longer in the inbox.
  std::vector<Uuid7> returned;  ///< Acknowledged, and still or again in the inbox.
  std::vector<Uuid7> repeated;  ///< Listed with fewer attempts than it has had.
  std::vector<Uuid7> doubled;   ///< Twice in one listing.
  std::uint64_t dead = 0;       ///< Dead entries in these inboxes.
};

/// `lines` must be as check_leases() leaves them. For `default`, finds only `repeated` and `doubled`, because verify()
/// finds the others. Errors: those of read_entries(), and `unavailable` if no client finds the inbox.
Result<InboxFaults> check_inboxes(const LeaseLines& lines, std::span<BlockingClient* const> clients,
                                  const ListingLimits& limits);

}  // namespace triggers::swarm
