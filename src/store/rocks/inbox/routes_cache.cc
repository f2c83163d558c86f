#include "store/rocks/inbox/routes_cache.h"

#include <iterator>
#include <utility>

namespace triggers::store {

std::optional<Routes> RoutesCache::find(std::string_view tenant, const Roster& roster) {
  const MutexLock lock(mutex_);
  const auto found = by_tenant_.find(tenant);
  if (found == by_tenant_.end() || found->second->roster.get() != &roster) return std::nullopt;
  kept_.splice(kept_.begin(), kept_, found->second);
  return kept_.front().routes;
}

void RoutesCache::put(std::string_view tenant, std::shared_ptr<const Roster> roster, Routes routes) {
  const std::size_t bytes = routes.memory_bytes();
  const MutexLock lock(mutex_);
  if (const auto before = by_tenant_.find(tenant); before != by_tenant_.end()) erase(before->second);
  if (bytes > bytes_max_) return;
  kept_.push_front({std::string{tenant}, std::move(roster), std::move(routes), bytes});
  try {
    by_tenant_.emplace(kept_.front().tenant, kept_.begin());
  } catch (...) {
    kept_.pop_front();
    throw;
  }
  bytes_ += bytes;
  while (bytes_ > bytes_max_) erase(std::prev(kept_.end()));
}

void RoutesCache::erase(std::list<Kept>::iterator kept) {
  bytes_ -= kept->bytes;
  by_tenant_.erase(kept->tenant);
  kept_.erase(kept);
}

std::size_t RoutesCache::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace triggers::store
