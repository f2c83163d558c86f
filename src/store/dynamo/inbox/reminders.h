#pragma once

// Reminders of entries that somebody must look at when a time has come. What is done then is in due_entries.h.

#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/uuid7.h"
#include "inbox/entry.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/inbox/inbox_place.h"

namespace triggers::store::dynamo {

/// "Look at these entries at that time."
struct Reminder {
  UnixMillis at{};
  Uuid7 id{};  ///< Of a lease, or only its own. Its time is when the reminder was made.
  std::vector<EventId> entries{};
};

/// The reminders of an inbox: items with `e`, the ids of the entries one after the other.
///
/// A reminder is stored *before* the records to which it belongs. So whatever a node that dies has left unfinished is
/// found by the next one that looks at what is due. The reminder of a lease is found by the lease's id, until it is
/// due.
///
/// A lease that others overtake adds entries to its reminder, perhaps when that is due already. So a put or a removal
/// that arrives late, or was decided upon earlier, leaves a reminder of more entries as it is. Any thread.
class Reminders {
 public:
  Reminders(Table& table, const InboxPlace& place) : table_(table), place_(place) {}

  /// Replaces one with the same time and id, unless it has more entries. At most 500 entries: a unit for each kilobyte,
  /// i.e. about 60.
  Task<Status> put(Reminder reminder);
  /// Leaves it there if it has more entries by now.
  Task<Status> remove(Reminder reminder);
  /// The reminder of the first end of a lease that holds nothing any more.
  Task<Status> remove_of(inbox::LeaseId lease);
  /// The earliest ones, at most `limit`.
  Task<Result<std::vector<Reminder>>> first(std::size_t limit) { return behind(std::nullopt, limit); }
  /// Those behind another one.
  Task<Result<std::vector<Reminder>>> behind(std::optional<Reminder> last, std::size_t limit);

  /// The entries that the lease had, or more. One read, or two if its first end is over.
  Task<Result<std::vector<EventId>>> entries_of(inbox::LeaseId lease);
  /// For entries_of(), when the reminder of the lease is removed although the lease still holds these entries.
  Task<Status> keep_extended(Uuid7 lease, std::vector<EventId> entries, UnixMillis now);

 private:
  Table& table_;
  const InboxPlace& place_;
};

}  // namespace triggers::store::dynamo
