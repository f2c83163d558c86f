#pragma once

// Counts what is leased and delayed in an inbox by its reminders. How counts are kept is in entry_counts.h.

#include "store/dynamo/inbox/entry_work.h"

namespace triggers::store::dynamo {

/// Whatever is leased or delayed has a reminder. So no more can be than the reminders name, and a greater count is
/// corrected: exactly, if they name few. A read unit for 250 entries, and one for each of at most 1,000 that are looked
/// at.
Task<Status> recount_held(EntryWork& work);

}  // namespace triggers::store::dynamo
