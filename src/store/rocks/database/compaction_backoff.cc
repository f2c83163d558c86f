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
                             std::chrono::steady_clock::time_point now, bool has_space) {
  if (family.GetID() >= families_max) return;
  bool paused = false;
  {
    const MutexLock lock(mutex_);
    State& state = states_[family.GetID()];
    const bool begins = std::exchange(state.failed, false) && !state.waiting;
    if (begins) {
      state.pause = std::min(std::max(first_pause, state.pause * 2), longest_pause);
      state.until = now + state.pause;
    }
    state.waiting = begins || (state.waiting && now < state.until);
    paused = state.waiting || !has_space;
    if (paused == std::exchange(state.paused, paused)) return;
  }
  // If this fails, nothing has changed, and the next failed compaction leads here again.
  db.SetOptions(&family, {{"disable_auto_compactions", paused ? "true" : "false"}}).PermitUncheckedError();
}

}  // namespace triggers::store
