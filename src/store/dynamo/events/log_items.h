#pragma once

// The events in the log of a tenant whose inboxes are managed: L in docs/storage-format.md. The entries of its inboxes
// are in entry_items.h. Plain tenants have only acknowledged events in the log (acknowledger.h).

#include <chrono>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/events/entry_items.h"
#include "store/dynamo/events/found.h"
#include "store/dynamo/events/inbox_numbers.h"

namespace triggers::store::dynamo {

/// A node that dies between the two writes of an acknowledgement for a plain tenant leaves an acknowledged item, and
/// the event in its inbox. Such an item is replaced once it is older than this, so that it has the time of the
/// acknowledgement that counts.
inline constexpr std::chrono::milliseconds left_behind{60'000};

/// Any thread.
class LogItems {
 public:
  LogItems(Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  /// The events of different ids, in their order. Nothing: the log has no such event. All are in memory at once: ask
  /// for few at a time if they may be large.
  Task<Result<std::vector<std::optional<StoredEvent>>>> contents(const Tenant& tenant, std::vector<EventId> ids);

  enum class Adopted : std::uint8_t {
    adopted,  ///< Now or before.
    /// By a node that still takes the tenant for a plain one: the event leaves its inbox in a moment. If that node has
    /// died, the event can be adopted a minute later.
    being_acknowledged,
  };
  /// Puts the event of an entry that a plain tenant wrote into the log. Before anything else happens to that entry,
  /// because then the log has the content and nodes that take the tenant for a plain one do not acknowledge it any
  /// more. `entry`: the item.
  Task<Result<Adopted>> adopt(const Tenant& tenant, const Item& entry);

  /// Writes the entries that an item of the log says are missing: those that did not fit into the transaction that
  /// accepted the event. Whoever reads such an item calls this before it tells anybody of the event.
  Task<Status> finish(const Tenant& tenant, const Item& logged);
  /// The attribute of finish().
  static constexpr std::string_view missing_entries{"u"};

 private:
  Table& table_;
  const Clock& clock_;
};

}  // namespace triggers::store::dynamo
