#pragma once

// What happens when the time of a reminder has come: leases and delays end, and what a dead node has left unfinished is
// finished. The reminders are in reminders.h.

#include <chrono>
#include <cstddef>

#include "store/dynamo/inbox/entry_lists.h"
#include "store/dynamo/inbox/entry_records.h"
#include "store/dynamo/inbox/entry_writer.h"
#include "store/dynamo/inbox/reminders.h"

namespace triggers::store::dynamo {

/// What one call may do. The rest is for the next one.
struct DueBounds {
  std::size_t entries_max = 500;
  std::chrono::milliseconds time_max{500};  ///< No further reminder is begun after it.
};

/// Ends what is due in one inbox. Every step may be repeated, on any node, at any time. Any thread.
class DueEntries {
 public:
  /// A write that was begun may arrive so long after it was begun, and not later.
  static constexpr std::chrono::milliseconds late_for{15'000};

  DueEntries(EntryRecords& records, EntryLists& lists, EntryWriter& writer, Reminders& reminders,
             const InboxPlace& place)
      : records_(records), lists_(lists), writer_(writer), reminders_(reminders), place_(place) {}

  /// One query if nothing is due. True: there is more that is due.
  Task<Result<bool>> end(UnixMillis now, DueBounds bounds);

 private:
  Task<Status> end_one(Reminder reminder, UnixMillis now);
  /// False: `lease` does not hold the entry any more.
  Task<Result<bool>> end_entry(EventId id, StoredRecord seen, Uuid7 lease, UnixMillis now);

  EntryRecords& records_;
  EntryLists& lists_;
  EntryWriter& writer_;
  Reminders& reminders_;
  const InboxPlace& place_;
};

}  // namespace triggers::store::dynamo
