#pragma once

#include <chrono>

#include "store/dynamo/event_items.h"

namespace triggers::store::dynamo {

/// For how long acknowledged events are there.
struct Retention {
  std::chrono::hours event_ttl{24 * 30};  ///< From the acknowledgement on.
  /// From the id's time on, whatever event_ttl is: as long as a claim may name the event, so that a claim whose event
  /// is nowhere always means a writer that did not end.
  std::chrono::seconds claims_until{86'400};
};

/// Acknowledges: writes the event as delivered, then removes it from its inbox. The removal is the moment that counts,
/// and DynamoDB lets one node do it; until then the delivered item is not looked at. Any thread.
class Acknowledger {
 public:
  Acknowledger(Table& table, const Clock& clock, Retention retention)
      : table_(table), clock_(clock), retention_(retention) {}

  Task<Result<AckOutcome>> acknowledge(const Tenant& tenant, EventId id);

 private:
  Task<Result<AckOutcome>> not_pending(const Tenant& tenant, EventId id);
  /// Removes the pending item. The outcome of this call, also if its answer was lost once.
  Task<Result<AckOutcome>> remove(const Tenant& tenant, EventId id, const std::string& token);

  Table& table_;
  const Clock& clock_;
  const Retention retention_;
};

}  // namespace triggers::store::dynamo
