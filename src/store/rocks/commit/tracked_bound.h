#pragma once

// How many entries of a tenant may be in memory. Which entries are is in inbox/entry_index.h; leases ask in
// lease_stage.h, and replays in entry_stage_jobs.cc.

#include <cstddef>
#include <cstdint>

#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// Keeps TenantLimits::tracked_max. For the committer's thread.
class TrackedBound {
 public:
  /// 0: no limit.
  explicit TrackedBound(std::uint64_t max) : max_(max) {}

  /// How many of `wanted` entries more the tenant may have. It adds up the tenant's inboxes only if what it found the
  /// last time is used up, so a lease does not become slower with the number of inboxes.
  [[nodiscard]] std::size_t room(TenantState& tenant, std::size_t wanted) const;
  /// So many more are tracked; room() has allowed them. If they are undone, room() finds that out later.
  void add(TenantState& tenant, std::size_t count) const noexcept;

 private:
  const std::uint64_t max_;
};

}  // namespace triggers::store
