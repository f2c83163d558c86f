#pragma once

// How a commit records what has ended by itself: leases, delays, and the retention of dead entries. When that happens
// is decided by the index: inbox/entry_index.h.

#include <cstddef>

#include "base/result.h"
#include "store/rocks/commit/entry_table.h"
#include "store/rocks/commit/staging.h"
#include "store/rocks/inbox/inbox_state.h"

namespace triggers::store {

/// For the committer's thread.
class EndStage {
 public:
  /// Of one call.
  static constexpr std::size_t ends_max = 500;

  /// Both outlive this.
  EndStage(Staging& staging, EntryTable& table) : staging_(staging), table_(table) {}

  /// Ends the leases and delays that are over, at most `limit`. False if more are.
  bool end_leases(InboxState& inbox, std::size_t limit = ends_max);
  /// Removes dead entries whose retention has passed at `retention_now`, at most ends_max. False if there are more.
  bool expire_dead(InboxState& inbox, UnixMillis retention_now);

 private:
  void bury(InboxState& inbox, const EventId& id);

  Staging& staging_;
  EntryTable& table_;
};

}  // namespace triggers::store
