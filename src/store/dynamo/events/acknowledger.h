#pragma once

// Acknowledges an event on DynamoDB, and says how long acknowledged ones are kept. Storing one is in appender.h.

#include <chrono>

#include "store/default_inbox.h"
#include "store/dynamo/events/event_items.h"

namespace triggers::store::dynamo {

/// How long acknowledged events are kept.
struct Retention {
  std::chrono::hours event_ttl{24 * 30};  ///< From the acknowledgement on.
  /// From the id's time on, whatever event_ttl is: as long as a claim may name the event. So a claim without an event
  /// always means a writer that did not finish.
  std::chrono::seconds claims_until{86'400};
};

/// Acknowledges: writes the event as acknowledged, then removes it from its inbox. The removal is the decisive moment;
/// until then the acknowledged item is ignored. The writer of the acknowledged item has acknowledged the event, even if
/// another one removes the pending item: DynamoDB lets only one write it. Any thread.
class Acknowledger {
 public:
  /// A node that dies between its two writes leaves an acknowledged item, and the event in its inbox. Such an item is
  /// replaced once it is older than this, so that it has the time of the acknowledgement that counts.
  static constexpr std::chrono::milliseconds left_behind{60'000};

  Acknowledger(Table& table, const Clock& clock, Retention retention)
      : table_(table), clock_(clock), retention_(retention) {}

  struct Acknowledged {
    AckStatus outcome = AckStatus::not_found;
    bool removed = false;  ///< The event left its inbox by this call.
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
