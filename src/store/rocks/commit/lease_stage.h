#pragma once

// How a commit leases entries. The rules are in inbox/transitions.h, what is available is in inbox/entry_index.h; what
// consumers do with leased entries is in entry_stage.h.

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/uuid7.h"
#include "store/rocks/commit/end_stage.h"
#include "store/rocks/commit/entry_table.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/commit/staging.h"
#include "store/rocks/commit/target_inbox.h"
#include "store/rocks/commit/tracked_bound.h"

namespace triggers::store {

/// Leases the oldest available entries of an inbox: first those that were leased before, then those that never were,
/// which are read from `pending`. For the committer's thread.
class LeaseStage {
 public:
  /// The marks of removed entries that one part of a lease steps over.
  static constexpr std::size_t marks_max = 2'000;

  /// The others outlive this. `leased_max`: entries of one inbox that may be leased at once.
  LeaseStage(Staging& staging, EntryTable& table, EndStage& ends, const TrackedBound& tracked, std::size_t leased_max)
      : staging_(staging), table_(table), ends_(ends), tracked_(tracked), leased_max_(leased_max) {}

  /// Leases as many entries as the operation's part has elements. If there are fewer, the operation ends; if the search
  /// went on for too long or needs the disk, it is left. An Error if a record that it needs cannot be read, or if there
  /// is no memory for the events; then nothing has changed except in what undo() takes back.
  Status stage(Operation& operation, TenantState& tenant, const TargetInbox& target);

 private:
  /// The entries that will be leased.
  struct Choice {
    std::size_t count = 0;
    std::vector<EventId> fresh;          ///< The last of them, which were never leased.
    std::size_t bytes = 0;               ///< Of their events.
    std::optional<EventId> searched_to;  ///< Nothing was chosen: no entry that was never leased is before this id.
    bool needs_disk = false;             ///< The next entries are not in memory.
    bool no_room = false;                ///< Nothing was chosen: the tenant may have no further entry in memory.
  };
  Result<Choice> choose(TenantState& tenant, InboxState& inbox, const EntryOperation& entry, std::size_t wanted);
  /// Nothing can be leased because of a limit.
  void refuse(Operation& operation, Leased::Outcome why);
  Status choose_fresh(InboxState& inbox, const EntryOperation& entry, std::size_t wanted, Choice& choice);
  static bool take(Choice& choice, const EntryOperation& entry, std::size_t event_bytes);
  Status hand_out(const TargetInbox& target, EntryOperation& entry, const Choice& choice);

  Staging& staging_;
  EntryTable& table_;
  EndStage& ends_;
  const TrackedBound& tracked_;
  const std::size_t leased_max_;
  Uuid7Generator ids_;
};

}  // namespace triggers::store
