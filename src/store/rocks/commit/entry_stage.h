#pragma once

// How a commit carries out what consumers ask for entries of an inbox, and what jobs do to them. The rules are in
// inbox/transitions.h; leasing is in lease_stage.h; jobs are in job_stage.h; what runs this stage is in group_commit.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "inbox/transitions.h"
#include "store/rocks/commit/committer_config.h"
#include "store/rocks/commit/end_stage.h"
#include "store/rocks/commit/entry_table.h"
#include "store/rocks/commit/lease_stage.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/commit/staging.h"
#include "store/rocks/commit/target_inbox.h"
#include "store/rocks/commit/tracked_bound.h"
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
  /// About how many entries an operation whose number is open has at most, as the last commit left them. The operations
  /// that are committed before it may make more available.
  [[nodiscard]] std::size_t count_entries(const EntryOperation& entry, const TenantState& tenant) const;
  /// Answers a `look` from the index as the last commit left it. Call it before anything is staged.
  Status look(Operation& operation, TenantState& tenant) const;

  // For one entry of a job. After an Error, which is noted as damage, nothing is staged.

  /// A purge removes the entry. False: it is not undelivered, and stays as it is.
  Result<bool> purge(const TargetInbox& target, const EventId& id);
  enum class PutAgain : std::uint8_t {
    done,
    unneeded,  ///< The inbox has an entry of the event, or the event has left the log.
    too_old,   ///< The retention of the inbox would remove it at once.
    no_room,   ///< It would be in memory, and the tenant may have no further entry there.
  };
  /// Puts the event into the inbox again. Call it after everything else of the batch: a lease that was staged after it
  /// would read past the entry, which is not in the database yet.
  Result<PutAgain> put_again(TenantState& tenant, const TargetInbox& target, const EventId& id,
                             const std::string& pending_value);

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
    bool again = false;       ///< Without a slot: it has left the inbox before.
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
  /// How the log holds the event; nothing: it does not any more, or not for long.
  Result<std::optional<Holding>> find_holding(TenantState& tenant, const EventId& id);
  void enter(const TargetInbox& target, const EventId& id, const std::string& pending_value);
  /// The event is no longer acknowledged in `default`, which keeps a trace of the acknowledgement.
  Status forget_acknowledged_at(InboxState& in_default, const EventId& id);
  void put_acknowledgement(InboxState& inbox, const EventId& id, const Known& known,
                           const inbox::Acknowledgement& acknowledgement);
  void advance(Operation& operation, InboxState& inbox);

  Staging& staging_;
  const CommitterConfig& config_;
  EntryTable table_;
  const TrackedBound tracked_;
  EndStage ends_;
  LeaseStage leases_;
};

}  // namespace triggers::store
