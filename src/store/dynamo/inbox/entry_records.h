#pragma once

// Reads and writes what an inbox knows of its events: one item for each event, whose change decides. The lists that
// follow from it are in entry_lists.h, the rules in inbox/transitions.h.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "inbox/entry.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/inbox/inbox_place.h"

namespace triggers::store::dynamo {

/// What the table says of one event in one inbox.
struct StoredRecord {
  /// Has the entry of an event that is in the inbox and was never leased. A trace that has expired is left out.
  inbox::Record record{};
  std::int64_t version = 0;  ///< Grows with each write. 0: there is no item.
  std::string token{};       ///< Of the write that stored it.
  bool plain = false;        ///< The entry is of a time when its tenant was plain, and its event is not in the log yet.
};

/// The records of an inbox: items with `w`, the bytes of inbox/record_codec.h, `n` their version and `a` a token. `z`
/// instead of `w`: nothing is left of an entry that was here. Such an item, and one with a trace alone, has `x`.
///
/// Every write is conditional on the version that was read. So of two operations that race, one sees what the other has
/// done. Any thread.
class EntryRecords {
 public:
  /// `place` and `clock` outlive it.
  EntryRecords(Table& table, const InboxPlace& place, const Clock& clock, std::chrono::hours event_ttl)
      : table_(table), place_(place), clock_(clock), event_ttl_(event_ttl) {}

  /// The items of different ids, in their order. One read for each.
  Task<Result<std::vector<StoredRecord>>> stored(std::vector<EventId> ids);
  /// The same; for an event without an item, the entry is looked for, and in `default` also an acknowledgement of the
  /// time when the tenant was plain: a read more, or two.
  Task<Result<std::vector<StoredRecord>>> read(std::vector<EventId> ids);

  struct Written {
    enum class Outcome : std::uint8_t {
      done,
      overtaken,  ///< Another write was first: `there` is what is stored now.
      busy,       ///< A node that takes the tenant for a plain one acknowledges the event just now. Ask again soon.
    };
    Outcome outcome = Outcome::overtaken;
    StoredRecord there{};  ///< done: what was written.
  };
  /// Replaces what was seen. It writes again if the outcome of a write is unknown. Errors: `unavailable` if the outcome
  /// stays unknown, those of a call if nothing was written.
  Task<Result<Written>> write(EventId id, StoredRecord seen, inbox::Record record);

  /// The stored form of an item; an item that is empty is a record of version 0.
  [[nodiscard]] Result<StoredRecord> from_item(const Item& item) const;

 private:
  Task<Status> add_fresh(std::vector<EventId> ids, std::vector<StoredRecord*> records);
  Task<Status> add_plain_traces(std::vector<EventId> ids, std::vector<StoredRecord*> records);
  Task<Result<Written>> write_adopted(EventId id, std::int64_t seen, inbox::Record record);
  Task<Result<bool>> adopt(EventId id);
  [[nodiscard]] Item to_item(const EventId& id, const StoredRecord& record) const;
  void drop_expired_trace(inbox::Record& record) const;

  Table& table_;
  const InboxPlace& place_;
  const Clock& clock_;
  const std::chrono::hours event_ttl_;
};

}  // namespace triggers::store::dynamo
