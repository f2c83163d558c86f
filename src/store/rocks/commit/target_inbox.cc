#include "store/rocks/commit/target_inbox.h"

namespace triggers::store {

std::optional<TargetInbox> find_target(const TenantState& tenant, const InboxName& name) {
  if (const auto& roster = tenant.staged_roster()) {
    const RosterEntry* const entry = roster->find(name);
    if (entry == nullptr) return std::nullopt;
    return TargetInbox{*entry->state, entry->rules, entry->lease_duration};
  }
  if (!name.is_default()) return std::nullopt;
  const inbox::Settings unchanged;
  return TargetInbox{tenant.default_inbox(), inbox::Rules::of(unchanged), unchanged.lease_duration};
}

std::shared_ptr<InboxState> staged_inbox(const TenantState& tenant, const InboxName& name) {
  if (name.is_default()) return tenant.shared_default_inbox();
  const auto& roster = tenant.staged_roster();
  const RosterEntry* const entry = roster ? roster->find(name) : nullptr;
  return entry != nullptr ? entry->state : nullptr;
}

}  // namespace triggers::store
