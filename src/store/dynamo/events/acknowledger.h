#pragma once

// Acknowledges an event of a plain tenant on DynamoDB. Storing one is in appender.h; how long acknowledged ones are
// kept is in timing.h.

#include "store/default_inbox.h"
#include "store/dynamo/events/event_items.h"
#include "store/dynamo/events/timing.h"

namespace triggers::store::dynamo {

/// For a plain tenant. Acknowledges: writes the event as acknowledged, then removes it from its inbox. The removal is
/// the decisive moment; until then the acknowledged item is ignored. The writer of the acknowledged item has
/// acknowledged the event, even if another one removes the pending item: DynamoDB lets only one write it. Any thread.
class Acknowledger {
 public:
  Acknowledger(Table& table, const Clock& clock, Retention retention)
      : table_(table), clock_(clock), retention_(retention) {}

  struct Acknowledged {
    AckStatus outcome = AckStatus::not_found;
    bool removed = false;  ///< The event left its inbox by this call.
    /// The tenant's inboxes are managed now, and the event is another class's to acknowledge. Nothing was done.
    bool managed = false;
  };
  Task<Result<Acknowledged>> acknowledge(const Tenant& tenant, EventId id);

 private:
  Task<Result<Acknowledged>> not_pending(const Tenant& tenant, EventId id);
  /// Removes the pending item, or puts a fence in its place if another write of it may still arrive. False: it was not
  /// there any more.
  Task<Result<bool>> remove(const Tenant& tenant, EventId id, bool leave_fence);

  Table& table_;
  const Clock& clock_;
  const Retention retention_;
};

}  // namespace triggers::store::dynamo
