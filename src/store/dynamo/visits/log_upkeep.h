#pragma once

// Says when the events of a tenant's log expire. Which inbox still has an event is found in jobs/event_holders.h.

#include <chrono>

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/events/timing.h"
#include "store/dynamo/jobs/event_holders.h"
#include "store/dynamo/settings/tenant_inboxes.h"
#include "store/dynamo/visits/roster.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

/// Walks the 256 partitions of a log, in each from the oldest event to those that are as old as event_ttl, over and
/// over. An event that no inbox has any more gets the attribute `x`, by which DynamoDB removes it: event_ttl after the
/// last inbox let go of it. For one coroutine.
class LogUpkeep {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  LogUpkeep(Table& table, const Clock& clock, Retention retention)
      : table_(table), clock_(clock), retention_(retention), holders_(table, clock) {}

  /// A walk begins so long after the one before began. A whole one costs a read unit for each partition, and what
  /// reading the old events costs.
  static constexpr std::chrono::hours walk_every{24};

  /// Goes on at `place`, and moves it. Begins nothing after `until`. True: the walk is not at its end.
  Task<Result<bool>> walk_some(const Tenant& tenant, const TenantInboxes& inboxes, LogPlace& place, TimePoint until);

 private:
  Task<Status> let_expire(const Tenant& tenant, const TenantInboxes& inboxes, const Item& logged);

  Table& table_;
  const Clock& clock_;
  const Retention retention_;
  EventHolders holders_;
};

}  // namespace triggers::store::dynamo
