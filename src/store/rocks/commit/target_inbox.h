#pragma once

// The inbox of an operation, with the settings by which a commit treats its entries.

#include <chrono>
#include <memory>
#include <optional>

#include "inbox/transitions.h"
#include "store/rocks/inbox/inbox_state.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

struct TargetInbox {
  InboxState& state;
  inbox::Rules rules;
  std::chrono::seconds lease_duration;  ///< Of leases whose request does not say.
};

/// As the commit that is being built leaves it. Nothing if the tenant has no such inbox. For the committer's thread.
[[nodiscard]] std::optional<TargetInbox> find_target(const TenantState& tenant, const InboxName& name);
/// The same inbox, to hold it for longer than the commit. Null if the tenant has no such inbox.
[[nodiscard]] std::shared_ptr<InboxState> staged_inbox(const TenantState& tenant, const InboxName& name);

}  // namespace triggers::store
