#pragma once

// The compiled filters of tenants that write. How they are made is in rocks/event_router.h; what they do is in
// store/routes.h.

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "store/rocks/inbox/roster.h"
#include "store/routes.h"

namespace triggers::store {

/// Keeps the routes that were used last, within a limit of memory, because many tenants may have large filters and most
/// do not write now. Any thread.
class RoutesCache {
 public:
  explicit RoutesCache(std::size_t bytes_max = 64 * 1024 * 1024) : bytes_max_(bytes_max) {}

  /// Nothing if the routes of this roster are not here.
  [[nodiscard]] std::optional<Routes> find(std::string_view tenant, const Roster& roster);
  /// Replaces the routes of the tenant. Routes that are larger than the limit are not kept.
  void put(std::string_view tenant, std::shared_ptr<const Roster> roster, Routes routes);

  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Kept {
    std::string tenant;
    std::shared_ptr<const Roster> roster;  ///< Held, so that no other roster gets its address.
    Routes routes;
    std::size_t bytes;
  };
  void erase(std::list<Kept>::iterator kept) REQUIRES(mutex_);

  const std::size_t bytes_max_;
  mutable Mutex mutex_;
  std::list<Kept> kept_ GUARDED_BY(mutex_);  ///< Used last first.
  /// The keys are views of the tenants in kept_.
  std::unordered_map<std::string_view, std::list<Kept>::iterator> by_tenant_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace triggers::store
