#pragma once

// The contract of a tenant's inboxes. What its calls take and answer is in inbox_entries.h; how an event gets in is in
// event_log.h.

#include <optional>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "store/default_inbox.h"
#include "store/inbox_entries.h"
#include "store/tenant.h"

namespace triggers::store {

/// The inboxes of tenants, and what consumers do with their entries. Every engine that keeps inboxes keeps this
/// contract (tests/contract/):
///
/// - At any time, at most one valid lease holds an entry.
/// - An entry leaves an inbox only by an acknowledgement, a discard, a purge, the removal of the inbox, or the inbox's
///   retention.
/// - A lease that has ended changes nothing. Its holder is told `lease_lost` for each entry.
/// - An attempt is durable before the lease is answered. So no attempt of an entry is repeated, also across a crash.
/// - A lease takes the oldest available entries.
/// - A tenant sees nothing of another tenant.
///
/// The caller has checked the arguments against inbox/bounds.h. Lists of ids have at most 500 elements; the answer has
/// one result for each, in order. An id that occurs twice is handled twice, one after the other.
///
/// Threads and errors are those of EventLog. `not_found`: the tenant has no such inbox.
class InboxStore : public DefaultInbox {
 public:
  virtual Task<Result<Leased>> lease(const Tenant& tenant, LeaseRequest request) = 0;

  using DefaultInbox::acknowledge;
  /// With a lease, its holder acknowledges; without `ids`, all that the lease still holds. Without a lease, an entry is
  /// acknowledged in every state, also if a lease holds it. There is a lease, or there are ids.
  virtual Task<Result<std::vector<EntryResult>>> acknowledge(const Tenant& tenant, InboxName inbox,
                                                             std::optional<LeaseId> lease,
                                                             std::optional<std::vector<EventId>> ids) = 0;
};

}  // namespace triggers::store
