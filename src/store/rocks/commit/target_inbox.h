#pragma once

// The inbox of an operation, with the settings by which a commit treats its entries.

#include <chrono>

#include "inbox/transitions.h"
#include "store/rocks/inbox/inbox_state.h"

namespace triggers::store {

struct TargetInbox {
  InboxState& state;
  inbox::Rules rules;
  std::chrono::seconds lease_duration;  ///< Of leases whose request does not say.
};

}  // namespace triggers::store
