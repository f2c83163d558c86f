#pragma once

// What one turn of any job works with, and what it has done. The two kinds are in purge_turn.h and replay_turn.h; who
// takes a turn, and when, is in job_worker.h.

#include <cstdint>

#include "store/dynamo/inbox/entry_work.h"
#include "store/dynamo/jobs/job_items.h"
#include "store/dynamo/settings/tenant_inboxes.h"

namespace triggers::store::dynamo {

/// What a turn has done. Whatever it did is stored with `next` afterwards, or is done again, which changes nothing.
struct JobStep {
  JobPlace next{};
  std::uint64_t done = 0, skipped_too_old = 0;
  bool at_end = false;
  bool held_up = false;  ///< Others change an entry all the time: the job goes on a little later.
};

/// Entries that one turn looks at.
inline constexpr std::size_t entries_a_turn = 100;
/// Writes of one entry that others overtake, before a turn leaves it for the next one.
inline constexpr unsigned job_tries_max = 5;

}  // namespace triggers::store::dynamo
