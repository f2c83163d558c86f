#pragma once

// Whether an inbox still has an event of the log, or when the last one let go of it. By that go the time to live of the
// event (visits/log_upkeep.h) and what a replay finds in the log (replay_turn.h).

#include <chrono>

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/events/inbox_numbers.h"
#include "store/dynamo/settings/tenant_inboxes.h"
#include "store/event_log.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

struct Departure {
  bool held = false;  ///< Some inbox has it, or is about to have it.
  UnixMillis at{};    ///< Otherwise: when the last one let go of it.
};

/// Asks the inboxes that an item of the log names (`o`). A record says when its entry left: by its trace, or else by
/// its version, which is a time. Records stay longer than the event. Of an inbox that was removed, the time of that
/// counts. Any thread.
class EventHolders {
 public:
  /// A replay takes no longer from its note in the item of the log (`y`) to its record.
  static constexpr std::chrono::milliseconds replay_for{60'000};

  EventHolders(Table& table, const Clock& clock) : table_(table), clock_(clock) {}

  /// `logged`: the item. `inboxes`: the tenant's, at most a second old. Two reads for each inbox, or three.
  Task<Result<Departure>> departure(const Tenant& tenant, const TenantInboxes& inboxes, const Item& logged);
  /// The same of an event of a managed tenant; nothing: the log does not have it.
  Task<Result<std::optional<Departure>>> departure(const Tenant& tenant, const TenantInboxes& inboxes, EventId id);

  /// `o` of an item of the log.
  [[nodiscard]] static Result<InboxNumbers> takers(const Item& logged);
  /// What is left of a removed inbox once it is empty: `t` is the time of the removal.
  [[nodiscard]] static Item gone_inbox_key(const Tenant& tenant, std::uint64_t number);

 private:
  Task<Status> ask_inboxes(const Tenant& tenant, const InboxNumbers& numbers, const Item& logged, Departure& departure);
  Task<Status> ask_removed(const Tenant& tenant, const InboxNumbers& numbers, Departure& departure);

  Table& table_;
  const Clock& clock_;
};

}  // namespace triggers::store::dynamo
