#pragma once

// The lists of an inbox that follow from its records: the entries, those that came back, and those that are dead. The
// records, which decide, are in entry_records.h.

#include <cstdint>

#include "store/dynamo/client/table.h"
#include "store/dynamo/inbox/entry_records.h"
#include "store/dynamo/inbox/inbox_place.h"

namespace triggers::store::dynamo {

/// Puts ids into the lists of an inbox and removes them:
///
/// - *entries*: what is undelivered. An accept puts it there, with the content; see events/entry_items.h.
/// - *back*: what is available and has a record: it came back, or was requeued or replayed.
/// - *dead*: what is dead.
///
/// A list may lag behind the records, so whoever reads one reads the records too. Each item that follows from a record
/// has its version `n`, and a call changes only what follows from an older one. So a call that arrives late undoes
/// nothing. Any thread.
class EntryLists {
 public:
  EntryLists(Table& table, const InboxPlace& place, const Clock& clock) : table_(table), place_(place), clock_(clock) {}

  /// After `now` was written in place of `before`: one call for each list that changes. What fails here is mended by
  /// the reminder of the entry.
  Task<Status> follow(EventId id, StoredRecord before, StoredRecord now);
  /// The same without knowing the entry's past: reads whether it is where it belongs, and puts it there; and removes it
  /// from the entries if it has left. Whoever walks one of the other lists takes out of it what does not belong there.
  Task<Status> mend(EventId id, StoredRecord now);

  Task<Status> remove_entry(EventId id, std::int64_t version);
  /// Of an item of the list of entries that came back, which was read before the record.
  Task<Status> remove_back(EventId id, std::int64_t version);
  Task<Status> remove_dead(EventId id, std::int64_t version);

 private:
  /// With the event from the log. Without it there is nothing to be put.
  Task<Status> put_entry(EventId id, std::int64_t version);
  Task<Status> put(Item item, std::int64_t version);
  Task<Status> remove(Item key, std::int64_t version);

  Table& table_;
  const InboxPlace& place_;
  const Clock& clock_;
};

}  // namespace triggers::store::dynamo
