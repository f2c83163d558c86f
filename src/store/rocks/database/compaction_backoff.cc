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
  if (family < families_max) states_[family].rest = {};
}

void CompactionBackoff::tend(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family,
                             std::chrono::steady_clock::time_point now) {
  if (family.GetID() >= families_max) return;
  bool rests = false;
  {
    const MutexLock lock(mutex_);
    State& state = states_[family.GetID()];
    const bool begins = std::exchange(state.failed, false) && !state.rests;
    const bool ends = state.rests && now >= state.until;
    if (!begins && !ends) return;
    if (begins) {
      state.rest = std::min(std::max(first_rest, state.rest * 2), longest_rest);
      state.until = now + state.rest;
    }
    state.rests = rests = begins;
  }
  // Should it fail, the family is as it was, and the next failure of a compaction leads here again.
  db.SetOptions(&family, {{"disable_auto_compactions", rests ? "true" : "false"}}).PermitUncheckedError();
}

}  // namespace triggers::store
