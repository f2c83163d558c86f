#include "store/rocks/commit/tracked_bound.h"

#include <algorithm>

namespace triggers::store {
namespace {

/// As the commit that is being built leaves them.
std::uint64_t tracked(const TenantState& tenant) {
  const auto& roster = tenant.staged_roster();
  if (!roster) return tenant.default_inbox().tracked();
  std::uint64_t count = 0;
  for (const RosterEntry& entry : roster->entries()) count += entry.state->tracked();
  return count;
}

}  // namespace

std::size_t TrackedBound::room(TenantState& tenant, std::size_t wanted) const {
  if (max_ == 0) return wanted;
  if (tenant.room_for_tracked < wanted) tenant.room_for_tracked = max_ - std::min(max_, tracked(tenant));
  return static_cast<std::size_t>(std::min<std::uint64_t>(wanted, tenant.room_for_tracked));
}

void TrackedBound::add(TenantState& tenant, std::size_t count) const noexcept {
  tenant.room_for_tracked -= std::min<std::uint64_t>(tenant.room_for_tracked, count);
}

}  // namespace triggers::store
