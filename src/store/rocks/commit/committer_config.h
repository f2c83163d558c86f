#pragma once

// What the committer is told when it starts. The limits of its queue are in commit_queue.h.

#include <chrono>
#include <functional>

#include "base/clock.h"
#include "store/rocks/commit/commit_stats.h"
#include "store/rocks/commit/id_time.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {

struct CommitterConfig {
  std::chrono::seconds dedup_window{300};  ///< 0: content is not compared.
  std::chrono::seconds idempotency_window{86'400};
  const Clock* clock = &Clock::system();
  IdTime* id_time = nullptr;  ///< Of ids and the windows. Required.
  layout::HashSeed hash_seed;
  std::function<void(const CommitStats&)> observe;  ///< On the committer's thread; may be empty.
};

}  // namespace triggers::store
