#include "store/rocks/upkeep/retention_time.h"

#include "log/log.h"

namespace triggers::store {

UnixMillis RetentionTime::now() {
  const MutexLock lock(mutex_);
  const UnixMillis time = time_.at(clock_.now(), clock_.steady());
  tell(time_.unproven());
  return time;
}

/// A store that was idle for a while waits too; it is worth a line only if something may expire by it.
void RetentionTime::tell(std::chrono::milliseconds unproven) {
  const bool waits = unproven >= event_ttl_ / 2;
  if (waits == told_) return;
  told_ = waits;
  if (!waits) return log::info("retention_goes_on");
  log::warning("retention_waits",
               {{"ahead_seconds", std::chrono::duration<double>(unproven).count()},
                {"waits_seconds", std::chrono::seconds{ProvenTime::proof}.count()},
                {"message",
                 "The clock has jumped, or is far ahead of the newest event. Until a jump has held for so "
                 "long, no more expires than by the time before it."}});
}

}  // namespace triggers::store
