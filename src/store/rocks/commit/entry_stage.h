#pragma once

// How a commit carries out what consumers ask for entries of an inbox. The rules are in inbox/transitions.h; leasing is
// in lease_stage.h; what runs this stage is in group_commit.h.

#include <cstddef>

#include "base/result.h"
#include "inbox/transitions.h"
#include "store/rocks/commit/committer_config.h"
#include "store/rocks/commit/end_stage.h"
#include "store/rocks/commit/entry_table.h"
#include "store/rocks/commit/lease_stage.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/commit/staging.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// Leases, acknowledges, releases, extends, requeues, discards and removes entries. For the committer's thread.
class EntryStage {
 public:
  /// Both outlive this.
  EntryStage(Staging& staging, const CommitterConfig& config);

  /// Begins a new commit.
  void begin() noexcept { table_.begin(); }

  /// Carries out the operation's part. An Error if a record that it needs cannot be read, or if there is no such inbox.
  Status stage(Operation& operation, TenantState& tenant);
  /// Removes entries from an inbox that no consumer has asked for: see LeaveOperation.
  Status stage_leaving(Operation& operation);
  /// Answers a `look` from the index as the last commit left it. Call it before anything is staged.
  Status look(Operation& operation, TenantState& tenant) const;

  /// keep() confirms what was staged so far; undo() forgets what was staged since the last keep(), except in the batch
  /// and in the inboxes.
  void keep() noexcept { table_.keep(); }
  void undo() noexcept { table_.undo(); }

  /// Reads of the store since begin().
  [[nodiscard]] std::size_t reads() const noexcept { return table_.reads(); }

 private:
  /// An entry before an operation changes it.
  struct Known {
    inbox::Record record;
    bool has_slot = false;    ///< In the index, and so a record in `entries`.
    bool is_pending = false;  ///< It is undelivered as far as is recorded.
    bool failed = false;      ///< Its record in `entries` has a last failure, which is not in `record`.
  };

  /// Before the first part of an operation on ids.
  void begin(EntryOperation& entry, const InboxState& inbox) const;
  Status stage_one(const TargetInbox& target, const EntryOperation& entry, std::size_t index, EntryStatus& status);
  Result<Known> know(InboxState& inbox, const EventId& id);
  /// What is known of an earlier acknowledgement, if it counts still.
  Result<std::optional<inbox::Acknowledgement>> acknowledgement(InboxState& inbox, const EventId& id, bool by_lease);
  [[nodiscard]] inbox::Transition transition(const inbox::Rules& rules, const EntryOperation& entry,
                                             const inbox::Record& record) const;
  /// Stores the changed entry.
  Status put(InboxState& inbox, const EntryOperation& entry, std::size_t index, const Known& known,
             inbox::Entry changed);
  /// The entry leaves the inbox.
  Status remove(InboxState& inbox, const EventId& id, const Known& known);
  Status forget(LeaveOperation& leave);
  void put_acknowledgement(InboxState& inbox, const EventId& id, const Known& known,
                           const inbox::Acknowledgement& acknowledgement);
  void advance(Operation& operation, InboxState& inbox);

  Staging& staging_;
  const CommitterConfig& config_;
  EntryTable table_;
  EndStage ends_;
  LeaseStage leases_;
};

}  // namespace triggers::store
