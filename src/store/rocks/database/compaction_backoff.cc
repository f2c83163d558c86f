#include "store/rocks/database/compaction_backoff.h"

#include <rocksdb/db.h>

#include <algorithm>

namespace triggers::store {

void CompactionBackoff::note_failure(std::uint32_t family) noexcept {
  const MutexLock lock(mutex_);
  if (family < families_max) states_[family].failed = true;
}

void CompactionBackoff::note_success(std::uint32_t family) noexcept {
  const MutexLock lock(mutex_);
  if (family < families_max) states_[family].pause = {};
}

void CompactionBackoff::tend(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family,
                             std::chrono::steady_clock::time_point now) {
  if (family.GetID() >= families_max) return;
  bool paused = false;
  {
    const MutexLock lock(mutex_);
    State& state = states_[family.GetID()];
    const bool begins = std::exchange(state.failed, false) && !state.paused;
    const bool ends = state.paused && now >= state.until;
    if (!begins && !ends) return;
    if (begins) {
      state.pause = std::min(std::max(first_pause, state.pause * 2), longest_pause);
      state.until = now + state.pause;
    }
    state.paused = paused = begins;
  }
  // If this fails, nothing has changed, and the next failed compaction leads here again.
  db.SetOptions(&family, {{"disable_auto_compactions", paused ? "true" : "false"}}).PermitUncheckedError();
}

}  // namespace triggers::store
