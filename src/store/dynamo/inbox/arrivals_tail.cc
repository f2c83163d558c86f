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
  const auto is_new = [&](const EventId& id) { return id > after_.value_or(EventId{}) && !seen_.contains(id); };
  auto count = static_cast<std::size_t>(std::ranges::count_if(entries, is_new));
  count += static_cast<std::size_t>(std::ranges::count_if(back, [&](const auto& one) { return !back_.contains(one); }));
  after_ = std::max(after_.value_or(settled), settled);
  std::erase_if(entries, [&](const EventId& id) { return id <= *after_; });
  seen_ = std::move(entries);
  back_ = std::move(back);
  return count;
}

}  // namespace triggers::store::dynamo
