#pragma once

// Accepts an event of a managed tenant: into its log and all inboxes that take it, or not at all. Which inboxes take it
// is in router.h; the items are in log_items.h and entry_items.h.

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/events/found.h"
#include "store/dynamo/events/log_items.h"
#include "store/dynamo/events/router.h"
#include "store/dynamo/events/timing.h"

namespace triggers::store::dynamo {

/// One transaction writes the item of the log, on the condition that nothing is under its key, and an entry for each
/// inbox that takes the event. So the event exists if and only if its item of the log does. That item stays longer than
/// any write can be late: a write that arrives twice does nothing the second time. Any thread.
class ManagedWriter {
 public:
  ManagedWriter(Table& table, const Clock& clock, Timing timing, Retention retention)
      : table_(table), clock_(clock), timing_(timing), retention_(retention), log_(table, clock) {}

  /// EventItems::store().
  Task<Result<Stored>> store(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer,
                             const Destination& destination);
  /// EventItems::fence().
  Task<Status> fence(const Tenant& tenant, EventId id);

 private:
  struct Draft;
  [[nodiscard]] Draft draft(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer,
                            const Destination& destination) const;
  /// Whether the event that is there is this writer's.
  Task<Result<Stored>> find_mine(const Tenant& tenant, EventId id, const std::string& token);

  Table& table_;
  const Clock& clock_;
  const Timing timing_;
  const Retention retention_;
  LogItems log_;
};

}  // namespace triggers::store::dynamo
