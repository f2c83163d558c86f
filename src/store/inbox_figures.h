#pragma once

// What the metrics show of inboxes. The embedded engine counts it in rocks/upkeep/inbox_census.h, the engine on
// DynamoDB in dynamo/visits/visited_inboxes.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "inbox/settings.h"

namespace triggers::store {

/// One inbox.
struct InboxFigures {
  std::string tenant;
  std::string inbox;
  inbox::Counts counts{};
  std::optional<UnixMillis> oldest_available{};  ///< When the event of its oldest available entry was accepted.
};

/// All inboxes of all tenants at one moment.
struct InboxTotals {
  inbox::Counts counts{};
  std::size_t inboxes = 0;
  std::uint64_t tracked = 0;             ///< Entries that are in memory.
  std::uint64_t tracked_of_fullest = 0;  ///< Of the tenant that has most of them.
  std::optional<UnixMillis> oldest_available{};
  std::optional<UnixMillis> oldest_unacknowledged{};  ///< Of the inboxes `default`, in any state but dead.
  std::vector<InboxFigures> shown{};                  ///< By tenant and name, at most 100.
};

}  // namespace triggers::store
