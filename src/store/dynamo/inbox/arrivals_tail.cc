#include "store/dynamo/inbox/arrivals_tail.h"

#include <algorithm>

namespace triggers::store::dynamo {

std::optional<EventId> ArrivalsTail::after() const {
  const MutexLock lock(mutex_);
  return after_;
}

std::size_t ArrivalsTail::news(std::set<EventId> entries, std::set<std::pair<EventId, std::int64_t>> back,
                               const EventId& settled) {
  const MutexLock lock(mutex_);
  const EventId before = after_.value_or(EventId{});
  std::size_t count = 0;
  for (const EventId& id : entries) count += id > before && !seen_.contains(id) ? 1 : 0;
  for (const auto& one : back) count += back_.contains(one) ? 0 : 1;
  const EventId after = std::max(after_.value_or(settled), settled);
  after_ = after;
  std::erase_if(entries, [&](const EventId& id) { return id <= after; });
  seen_ = std::move(entries);
  back_ = std::move(back);
  return count;
}

}  // namespace triggers::store::dynamo
