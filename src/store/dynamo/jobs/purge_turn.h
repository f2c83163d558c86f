#pragma once

// One turn of a purge.

#include "store/dynamo/events/entry_items.h"
#include "store/dynamo/jobs/job_turns.h"

namespace triggers::store::dynamo {

/// Walks the entries of the inbox, one shard after the other. Its place moves past entries only once nothing of them is
/// left in that list but what stays. So whichever node continues after a crash finds and finishes what was begun. For
/// one coroutine.
class PurgeTurn {
 public:
  PurgeTurn(EntryWork& work, const RunningJob& job) : work_(work), job_(job) {}

  Task<Result<JobStep>> take();

 private:
  Task<Status> purge(StoredEntry entry, StoredRecord seen, JobStep& step);

  EntryWork& work_;
  const RunningJob& job_;
  bool changed_ = false;
};

}  // namespace triggers::store::dynamo
