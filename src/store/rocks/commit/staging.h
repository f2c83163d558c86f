#pragma once

// What the stages of one commit share. The stages are in append_stage.h and entry_stage.h; what runs them is in
// group_commit.h.

#include "base/clock.h"
#include "store/rocks/commit/commit_stats.h"
#include "store/rocks/commit/staged_inboxes.h"
#include "store/rocks/commit/storage_bounds.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/holders.h"

namespace triggers::store {

/// A commit while it is built. A stage reads the store and adds to the rest. For the committer's thread.
struct Staging {
  Database& database;
  rocksdb::WriteBatch& batch;
  Holders holders;
  StorageBounds bounds;
  StagedInboxes inboxes{};
  CommitStats stats{};
  UnixMillis now{};     ///< Of acknowledgements.
  UnixMillis id_now{};  ///< Of ids, windows and leases.
};

}  // namespace triggers::store
