#pragma once

// The inbox that an operation works on.

#include <cstdint>
#include <utility>

#include "event/event.h"
#include "inbox/transitions.h"
#include "store/inbox_record.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

using event::EventId;

/// An inbox of a tenant, with its settings when the operation began.
struct InboxPlace {
  Tenant tenant{};
  InboxRecord inbox{};

  [[nodiscard]] std::uint64_t number() const noexcept { return inbox.number; }
  [[nodiscard]] inbox::Rules rules() const noexcept { return inbox::Rules::of(inbox.settings); }
};

}  // namespace triggers::store::dynamo
