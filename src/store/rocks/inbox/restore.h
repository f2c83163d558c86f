#pragma once

// A start: fills the indexes of all inboxes from the family `entries`. The counters are read before, into
// inbox_state.h; what the records mean is in inbox/transitions.h.

#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "inbox/transitions.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/inbox_state.h"

namespace triggers::store {

struct InboxToRestore {
  InboxState* state;
  inbox::Rules rules;
};

/// Restores the entries that were leased, delayed, dead or put again. `inboxes` are all of the store, with their
/// counters; `last_id` is the newest event. No lease or delay lasts longer than it would have without the restart, also
/// if the clock is behind. Reads records of such entries only: pending ones that were never leased have none.
/// `unavailable`: a record cannot be read, is of no inbox, or does not agree with the counters.
Status restore_entries(Database& database, const std::vector<InboxToRestore>& inboxes, const EventId& last_id,
                       UnixMillis now);

}  // namespace triggers::store
