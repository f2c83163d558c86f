#pragma once

// One look for what other nodes have made available. What the looks remember is in arrivals_tail.h.

#include "store/dynamo/inbox/entry_work.h"

namespace triggers::store::dynamo {

/// How many entries have come since the last look, whether they are still available or not: 0 is certain, so far as ids
/// are settled (decision 22).
Task<Result<std::size_t>> look_for_arrivals(EntryWork& work);

}  // namespace triggers::store::dynamo
