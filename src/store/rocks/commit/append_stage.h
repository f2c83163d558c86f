#pragma once

// How a commit accepts events: it answers each duplicate, refuses what finds no room, and adds each other event, with a
// new id, to the write batch and to the inbox. The two ways to find a duplicate are in content_index.h and
// replay_index.h; what runs this stage is in group_commit.h.

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/uuid7.h"
#include "store/rocks/commit/committer_config.h"
#include "store/rocks/commit/compared_event.h"
#include "store/rocks/commit/content_index.h"
#include "store/rocks/commit/digest_cache.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/commit/replay_index.h"
#include "store/rocks/commit/staging.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// Decides which events are duplicates, gives the others their ids, and adds them to the commit. For the committer's
/// thread.
class AppendStage {
 public:
  /// Ids continue after `last_id`. The others outlive this.
  AppendStage(Staging& staging, const CommitterConfig& config, const EventId& last_id);

  /// Begins a new commit.
  void begin();

  /// Takes the digest of a stored event that the operation's waiter has computed.
  void use_digests(const Operation& operation);
  /// Answers one event of the operation, or sets its `undecided`. If it has `routed`, by the tenant's staged roster. An
  /// Error if a record that it needs cannot be read.
  Status stage(Operation& operation, const TenantState& tenant, std::size_t index, Appended& answer);

  /// keep() confirms what was staged so far; undo() forgets what was staged since the last keep(), except in the batch.
  void keep() noexcept;
  void undo() noexcept;

  /// Puts the entries by which later events of equal content are recognized as duplicates. Those of idempotency keys
  /// are put by stage().
  void put();
  /// Ends a batch. What a batch puts and removes again leaves no trace in a table that RocksDB writes, not even its
  /// sequence number. If that were the last write before a stop, the store would end before the write that its witness
  /// names.
  void put_last_id();
  /// The newest id that was assigned, in this commit or before it.
  [[nodiscard]] const EventId& last_id() const noexcept { return ids_.last(); }

  /// Reads of the store since begin().
  [[nodiscard]] std::size_t reads() const noexcept { return contents_.reads() + replays_.reads(); }

 private:
  /// True if the event was answered as a duplicate, or as a mismatch, or if it is left undecided.
  Result<bool> answered(const std::string& replay_key, const TenantState& tenant, ComparedEvent& incoming,
                        std::optional<ContentIndex::Lookup>& lookup, Operation& operation, Appended& answer);
  void put_event(const TenantState& tenant, const IncomingEvent& event, const EventId& id);
  /// Puts an entry with the value of put_event()'s event.
  void put_entry(InboxState& inbox, const EventId& id);
  void put_entries(const Roster& roster, const Takers& takers, const TenantState& tenant, const EventId& id);

  Staging& staging_;
  const CommitterConfig& config_;
  Uuid7Generator ids_;
  DigestCache stored_digests_;
  ContentIndex contents_;
  ReplayIndex replays_;
  DigestBudget digest_budget_;
  std::string head_;           ///< Scratch for a record's head.
  std::string pending_value_;  ///< Of the event that is being put.
};

}  // namespace triggers::store
