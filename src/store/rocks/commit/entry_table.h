#pragma once

// The stored records of entries, as the commit that is being built leaves them. What they mean is in
// inbox/transitions.h; what changes them is in entry_stage.h and lease_stage.h. docs/storage-format.md has the
// families.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "inbox/entry.h"
#include "store/rocks/commit/entry_overlay.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/inbox_state.h"

namespace triggers::store {

/// Reads records and adds changes of them to the commit. An Error: a record cannot be read, which is noted as damage.
/// For the committer's thread.
class EntryTable {
 public:
  /// Both outlive this.
  EntryTable(Database& database, rocksdb::WriteBatch& batch) : database_(database), batch_(batch) {}

  /// Begins a new commit.
  void begin() noexcept;
  /// keep() confirms what was changed so far; undo() forgets what was changed since the last keep(), except in the
  /// batch.
  void keep() noexcept { overlay_.keep(); }
  void undo() noexcept { overlay_.undo(); }
  /// Reads of the store since begin().
  [[nodiscard]] std::size_t reads() const noexcept { return reads_; }

  // `pending`: the undelivered entries.

  struct Pending {
    bool again = false;  ///< The entry has left the inbox before.
  };
  /// Nothing if the entry is not pending.
  Result<std::optional<Pending>> pending(const InboxState& inbox, const EventId& id);
  /// Of an entry that was pending before this commit: true if the commit has removed it.
  [[nodiscard]] bool was_removed(const InboxState& inbox, const EventId& id) const;
  /// The size of the event of a pending entry, from its record in `pending`.
  Result<std::size_t> event_bytes(const InboxState& inbox, const EventId& id);
  /// The same from a value that was read already.
  Result<std::size_t> event_bytes(const InboxState& inbox, const EventId& id, std::string_view pending_value);
  /// The entry must not be pending: SingleDelete would bring the earlier value back.
  void put_pending(const InboxState& inbox, const EventId& id, const std::string& value);
  void remove_pending(const InboxState& inbox, const EventId& id);

  // `entries`: the entries that were leased or put again.

  /// Reads the last failure of an entry that has a record.
  Result<std::optional<inbox::Failure>> last_failure(const InboxState& inbox, const EventId& id);
  void put_entry(const InboxState& inbox, const EventId& id, const inbox::Entry& entry);
  void remove_entry(const InboxState& inbox, const EventId& id);

  // `traces` and `delivered`: who acknowledged, and when.

  Result<std::optional<inbox::Acknowledgement>> trace(const InboxState& inbox, const EventId& id);
  void put_trace(const InboxState& inbox, const EventId& id, const inbox::Acknowledgement& acknowledgement);
  /// When the event was acknowledged in its tenant's `default`.
  Result<std::optional<UnixMillis>> acknowledged_at(const InboxState& inbox, const EventId& id);
  /// The event must have no such time.
  void put_acknowledged_at(const InboxState& inbox, const EventId& id, UnixMillis at);
  /// The event must have such a time.
  void remove_acknowledged_at(const InboxState& inbox, const EventId& id);

 private:
  /// Reads a record; nothing if there is none.
  Result<std::optional<std::string>> get(Family family, const std::string& key);
  void put(Family family, const std::string& key, const std::string& value);

  Database& database_;
  rocksdb::WriteBatch& batch_;
  EntryOverlay overlay_;
  std::size_t reads_ = 0;
};

}  // namespace triggers::store
