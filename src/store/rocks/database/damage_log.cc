#include "store/rocks/database/damage_log.h"

#include <algorithm>
#include <new>
#include <utility>

namespace triggers::store {

void DamageLog::note(const std::string& message) noexcept {
  const MutexLock lock(mutex_);
  ++count_;
  if (messages_.size() >= messages_max || std::ranges::find(messages_, message) != messages_.end()) return;
  try {
    messages_.push_back(message);
  } catch (const std::bad_alloc&) {
    // The count includes it already.
  }
}

std::uint64_t DamageLog::count() const noexcept {
  const MutexLock lock(mutex_);
  return count_;
}

std::vector<std::string> DamageLog::take() {
  const MutexLock lock(mutex_);
  return std::exchange(messages_, {});
}

}  // namespace triggers::store
