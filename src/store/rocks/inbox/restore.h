#pragma once

// A start: fills the indexes of all inboxes from the family `entries`. The counters are read before, into
// inbox_state.h; what the records mean is in inbox/transitions.h.

#include "base/clock.h"
#include "base/result.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// Restores the entries that were leased, delayed, dead or put again. `tenants` has all inboxes, with their counters;
/// `last_id` is the newest event. No lease or delay lasts longer than it would have without the restart, also if the
/// clock is behind. Reads records of such entries only: pending ones that were never leased have none. `unavailable`: a
/// record cannot be read, is of no inbox, or does not agree with the counters.
Status restore_entries(Database& database, Tenants& tenants, const EventId& last_id, UnixMillis now);

}  // namespace triggers::store
