#pragma once

// The interface by which a lease asks how many entries more a tenant may have leased. bounds/tenant_bounds.h implements
// it.

#include <cstdint>

#include "base/result.h"
#include "base/task.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

/// Any thread with an Executor.
class TrackedRoom {
 public:
  TrackedRoom() = default;
  TrackedRoom(const TrackedRoom&) = delete;
  TrackedRoom& operator=(const TrackedRoom&) = delete;
  virtual ~TrackedRoom() = default;

  /// So many entries that were never leased may be leased now, in all inboxes of the tenant together.
  virtual Task<Result<std::uint64_t>> tracked_room(const Tenant& tenant) = 0;
};

}  // namespace triggers::store::dynamo
