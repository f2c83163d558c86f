#pragma once

// Which inboxes the events of an operation go to. It is decided before the operation is submitted
// (rocks/event_router.h); the committer checks that it still holds (group_commit.h).

#include <cstddef>
#include <memory>
#include <vector>

#include "store/rocks/inbox/roster.h"

namespace triggers::store {

struct Routed {
  std::shared_ptr<const Roster> roster;  ///< By which they were routed. Not null.
  std::size_t begin = 0;                 ///< The first event that has takers here.
  std::vector<Takers> takers{};          ///< From `begin` on.
  std::size_t rounds = 0;                ///< How often they were routed again.

  [[nodiscard]] const Takers& takers_of(std::size_t event) const noexcept { return takers[event - begin]; }
};

}  // namespace triggers::store
