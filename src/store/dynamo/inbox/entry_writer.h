#pragma once

// One change of one entry: its record, which decides, then the lists and the counts that follow.

#include "store/dynamo/inbox/entry_counts.h"
#include "store/dynamo/inbox/entry_lists.h"
#include "store/dynamo/inbox/entry_records.h"

namespace triggers::store::dynamo {

/// For one coroutine and its steps.
class EntryWriter {
 public:
  EntryWriter(EntryRecords& records, EntryLists& lists, EntryCounts& counts, const InboxPlace& place)
      : records_(records), lists_(lists), counts_(counts), place_(place) {}

  /// EntryRecords::write(). If it is done, the lists follow before it returns; what fails there is left to the reminder
  /// that the caller has stored before, and does not remove unless followed().
  Task<Result<EntryRecords::Written>> write(EventId id, StoredRecord seen, inbox::Record record) {
    StoredRecord before = seen;
    auto written = co_await records_.write(id, std::move(seen), std::move(record));
    if (!written || written->outcome != EntryRecords::Written::Outcome::done) co_return written;
    counts_.changed(place_, before.record, written->there.record);
    if (available(written->there.record) && !available(before.record)) ++became_available_;
    const auto followed = co_await lists_.follow(id, std::move(before), written->there);
    followed_ = followed_ && followed.ok();
    co_return written;
  }
  /// A lease of an entry has ended by itself, and the change was done.
  void lease_timed_out() { counts_.tell({.timed_out = 1}); }
  /// How many entries have become available.
  [[nodiscard]] std::size_t became_available() const noexcept { return became_available_; }
  /// The lists have followed every change so far: no reminder is needed for them.
  [[nodiscard]] bool followed() const noexcept { return followed_; }

 private:
  [[nodiscard]] static bool available(const inbox::Record& record) noexcept {
    return record.entry && record.entry->state == inbox::EntryState::available;
  }

  EntryRecords& records_;
  EntryLists& lists_;
  EntryCounts& counts_;
  const InboxPlace& place_;
  bool followed_ = true;
  std::size_t became_available_ = 0;
};

}  // namespace triggers::store::dynamo
