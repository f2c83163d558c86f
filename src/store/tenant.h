#pragma once

// The type of a tenant's name. Each tenant's fair share is held elsewhere: see base/fair_budget.h and
// base/fair_queue.h.

#include <compare>
#include <string>

namespace triggers {

/// The owner of everything: a key's `user_id`. 1 to 255 bytes.
struct Tenant {
  std::string id;
  auto operator<=>(const Tenant&) const = default;
};

}  // namespace triggers
