#include "store/rocks/commit/sweep_stage.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/invariant.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {

void SweepStage::stage_one(const DueEvent& due, std::size_t& removed) {
  const auto entry = layout::parse_expiry_key(due.expiry_key);
  INVARIANT(entry, "a sweep of a key that is none of an expiry entry");
  const Database& database = staging_.database;
  rocksdb::WriteBatch& batch = staging_.batch;
  const std::string event_key = layout::event_key(entry->tenant, entry->id);
  const auto holding = staging_.holders.find(event_key);
  if (!holding) return;  // It is noted as damage. The event stays, and the sweep goes on.
  // An inbox holds the event again, or has freed it at another time: then it has another expiry entry, or none.
  if (*holding && ((*holding)->count > 0 || (*holding)->freed_at != entry->freed_at)) {
    return drop_wrong(due.expiry_key, event_key);
  }
  batch.SingleDelete(database.family(Family::expiry), due.expiry_key);
  if (due.in_default) {
    if (due.acknowledged) batch.SingleDelete(database.family(Family::acknowledged), event_key);
    return;
  }
  batch.SingleDelete(database.family(Family::events), event_key);
  batch.SingleDelete(database.family(Family::acknowledged), event_key);
  staging_.holders.erase(event_key, holding->has_value());
  staging_.bounds.removed(std::string{entry->tenant}, due.bytes);
  ++removed;
}

/// Usually a replay has removed the entry since the housekeeper looked. It must not be removed twice.
void SweepStage::drop_wrong(const std::string& expiry_key, const std::string& event_key) {
  if (staging_.holders.is_changed(event_key)) return;
  rocksdb::PinnableSlice value;
  const auto found = staging_.database.get(Family::expiry, expiry_key, value);
  if (found && *found) staging_.batch.SingleDelete(staging_.database.family(Family::expiry), expiry_key);
}

void SweepStage::stage(Operation& operation) {
  std::size_t removed = 0;
  for (std::size_t i = operation.part_begin; i < operation.part_end; ++i) {
    stage_one(operation.sweep->events[i], removed);
  }
  operation.sweep->removed += removed;
}

}  // namespace triggers::store
