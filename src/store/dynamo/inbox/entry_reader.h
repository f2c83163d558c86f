#pragma once

// Pages of the entries of an inbox, in any state. What a consumer leases is found in candidates.h.

#include <deque>
#include <optional>
#include <vector>

#include "store/dynamo/events/inbox_position.h"
#include "store/dynamo/inbox/entry_scan.h"
#include "store/dynamo/inbox/entry_work.h"

namespace triggers::store::dynamo {

/// The looks of store/inbox_store.h at one inbox. They change nothing for a client, but mend what they meet. A position
/// between pages is that of decision 22, so that pages skip no entry that becomes visible late. For one coroutine.
class EntryReader {
 public:
  /// `work` outlives it.
  explicit EntryReader(EntryWork& work) : work_(work) {}

  Task<Result<EntryPage>> page(EntryQuery query);
  Task<Result<Continuation>> end();

 private:
  /// An entry with what the inbox knows of it.
  struct Known {
    EventId id{};
    inbox::Entry entry{};                  ///< By now.
    std::string event_type{};              ///< Only if `content` or the entry's item has it.
    std::optional<StoredEvent> content{};  ///< Nothing: only the log has it.
  };
  struct Search;

  Task<Status> collect_undelivered(Search& search);
  Task<Status> collect_dead(Search& search);
  Task<Result<std::vector<Known>>> look_at(std::vector<StoredEntry> entries);
  /// What is undelivered now, of what is listed so. Nothing: it has left, or it is dead, and listed as dead.
  Task<Result<std::optional<inbox::Entry>>> undelivered(EventId id, StoredRecord seen);
  Task<Status> add_contents(Search& search, std::vector<Known>& known);
  Task<Status> correct_counts(const Search& search);

  EntryWork& work_;
};

}  // namespace triggers::store::dynamo
