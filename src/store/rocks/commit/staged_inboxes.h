#pragma once

// The inboxes that one commit changes. Their state is in inbox/inbox_state.h; what changes them is in append_stage.h
// and entry_stage.h.

#include <cstddef>
#include <optional>
#include <vector>

#include "store/rocks/database/database.h"
#include "store/rocks/inbox/inbox_state.h"
#include "store/rocks/inbox/watched_inboxes.h"

namespace triggers::store {

/// The inboxes that the commit being built changes, any number of them. For the committer's thread.
class StagedInboxes {
 public:
  /// Begins a new commit. The one before was published or discarded.
  void begin() noexcept;

  /// Adds an event, which is newer than all others of the inbox.
  void add(InboxState& inbox, const EventId& id);
  /// The state to change, after it was noted for undo(). Changes of the index are undone too, so call this first.
  InboxState::Staged& change(InboxState& inbox);
  /// The index to change, which is made if the inbox has none, after it was noted for undo().
  inbox::EntryIndex& index(InboxState& inbox, const inbox::Rules& rules);

  /// keep() confirms what was changed so far; undo() takes back what was changed since the last keep().
  void keep() noexcept { undo_.clear(); }
  void undo() noexcept;

  /// Puts the counters of each inbox.
  void put(const Database& database, rocksdb::WriteBatch& batch) const;
  /// Shows the changes to all threads, and tells `watched`, which may be null. Call it once the commit is durable.
  void publish(WatchedInboxes* watched = nullptr);
  /// Forgets the changes of a commit that was not written.
  void discard() noexcept;

 private:
  /// The index of an inbox at one moment; nothing: there was none.
  using IndexMark = std::optional<inbox::EntryIndex::Mark>;
  struct Touched {
    InboxState* inbox;
    IndexMark index_before;
    bool gained = false;
  };
  struct Undo {
    InboxState* inbox;
    InboxState::Staged before;
    IndexMark index_before;
    std::size_t touched;  ///< The number of touched inboxes before.
  };
  static void put_back(InboxState& inbox, const IndexMark& mark) noexcept;

  std::vector<Touched> touched_;
  std::vector<Undo> undo_;
};

}  // namespace triggers::store
