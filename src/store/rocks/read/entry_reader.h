#pragma once

// Reads entries with their events and states. Which entries are in a state is known by the index of the committer's
// thread; pages without states are read in page_reader.h.

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "inbox/entry.h"
#include "store/inbox_entries.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/inbox_state.h"
#include "store/rocks/read/page_reader.h"

namespace triggers::store {

/// What the entries of one page are.
struct EntryPageQuery {
  const EntryQuery& query;
  std::optional<EventId> after{};  ///< Of `query`.
  inbox::MaxAttempts max_attempts{};
  UnixMillis now{};  ///< By the clock of leases.
};

// Each adds to `page` what has a place there, and sets `next_after` and `has_more`. Blocks on the disk: for the reader
// threads. Errors: `overloaded` if there is no room in the memory for pages; `internal` for a record that cannot be
// read, which is noted as damage.

/// The undelivered entries, or of the state `available` those that were never leased, behind `query.after`.
Status add_pending(Database& database, InboxState& inbox, const EntryPageQuery& query, const PageLimits& limits,
                   EntryPage& page);

/// Those of `ids` that are in the state of the query still. `more`: the index has more.
Status add_indexed(Database& database, const InboxState& inbox, const EntryPageQuery& query, const PageLimits& limits,
                   const std::vector<EventId>& ids, bool more, EntryPage& page);

}  // namespace triggers::store
