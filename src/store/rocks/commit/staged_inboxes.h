#pragma once

// The inboxes that one commit changes. Their state is in inbox/inbox_state.h; what changes them is in append_stage.h
// and acknowledge_stage.h.

#include <cstddef>
#include <vector>

#include "store/rocks/database/database.h"
#include "store/rocks/inbox/inbox_state.h"

namespace triggers::store {

/// The inboxes that the commit being built changes, any number of them. For the committer's thread.
class StagedInboxes {
 public:
  /// Begins a new commit. The one before was published or discarded.
  void begin() noexcept;

  /// Adds an event, which is newer than all others of the inbox.
  void add(InboxState& inbox, const EventId& id);
  /// Removes a pending event. The inbox has at least one.
  void remove(InboxState& inbox);

  /// keep() confirms what was changed so far; undo() takes back what was changed since the last keep().
  void keep() noexcept { undo_.clear(); }
  void undo() noexcept;

  /// Puts the counters of each inbox.
  void put(const Database& database, rocksdb::WriteBatch& batch) const;
  /// Shows the changes to all threads. Call it once the commit is durable.
  void publish();
  /// Forgets the changes of a commit that was not written.
  void discard() noexcept;

 private:
  struct Undo {
    InboxState* inbox;
    InboxState::Staged before;
    std::size_t touched;  ///< The number of touched inboxes before.
  };
  /// The state to change, after noting it for undo().
  InboxState::Staged& change(InboxState& inbox);

  std::vector<InboxState*> touched_;
  std::vector<Undo> undo_;
};

}  // namespace triggers::store
