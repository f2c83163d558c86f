#pragma once

// What the committer is told when it starts. The limits of its queue are in commit_queue.h.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "store/inbox_entries.h"
#include "store/rocks/commit/commit_stats.h"
#include "store/rocks/commit/id_time.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/inbox/stored_bytes_table.h"
#include "store/rocks/inbox/watched_inboxes.h"
#include "store/storage_limits.h"

namespace triggers::store {

struct CommitterConfig {
  std::chrono::seconds dedup_window{300};  ///< 0: content is not compared.
  std::chrono::seconds idempotency_window{86'400};
  const Clock* clock = &Clock::system();
  IdTime* id_time = nullptr;  ///< Of ids and the windows. Required.
  layout::HashSeed hash_seed;
  std::size_t leased_max = leased_max_default;  ///< Entries of one inbox that may be leased at once.
  TenantLimits tenant_limits{};
  /// What the log holds at the start, which the committer takes. Null: nothing.
  std::shared_ptr<StoredBytesByTenant> stored_bytes{};
  /// The time by which traces of acknowledgements, and dead entries, become too old. Empty: none does.
  std::function<UnixMillis()> retention_now{};
  std::chrono::hours event_ttl{24 * 30};            ///< How long an acknowledgement is remembered.
  WatchedInboxes* watched = nullptr;                ///< Null: nobody waits for entries.
  std::function<void(const CommitStats&)> observe;  ///< On the committer's thread; may be empty.
};

}  // namespace triggers::store
