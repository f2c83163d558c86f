#pragma once

// The part of the inboxes' contract by which readers wait for entries: long polls and streams. Waiting itself is in
// waiters.h.

#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "inbox/inbox_name.h"
#include "store/tenant.h"
#include "store/waiters.h"

namespace triggers::store {

/// Tells readers when entries become available: accepted, released, requeued or replayed, or at the end of a lease or
/// delay. Any thread.
class EntryArrivals {
 public:
  EntryArrivals() = default;
  EntryArrivals(const EntryArrivals&) = delete;
  EntryArrivals& operator=(const EntryArrivals&) = delete;
  virtual ~EntryArrivals() = default;

  /// What the readers of an inbox wait on. Null: the tenant has no such inbox. Errors are those of EventLog.
  ///
  /// Ask for it before the first look, and hold it until the last wait has ended: only while somebody holds it does the
  /// engine count versions, and end leases and delays of this inbox at their time. Without memory it throws
  /// std::bad_alloc.
  virtual Task<Result<std::shared_ptr<InboxWaiters>>> arrivals(const Tenant& tenant, inbox::InboxName inbox) = 0;
  /// All waiting readers of this node.
  [[nodiscard]] virtual Waiters& waiters() noexcept = 0;
};

}  // namespace triggers::store
