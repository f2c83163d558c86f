#include "store/rocks/commit/acknowledge_stage.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <utility>

#include "store/rocks/format/layout.h"

namespace triggers::store {

void AcknowledgeStage::begin() noexcept {
  removed_set_.clear();
  removed_.clear();
  kept_ = 0;
}

Result<bool> AcknowledgeStage::remove(InboxState& inbox, const EventId& id, Leaving how,
                                      rocksdb::PinnableSlice& value) {
  Database& database = staging_.database;
  std::string pending_key = inbox.prefix();
  pending_key.append(id.view());
  if (removed_set_.contains(pending_key)) return false;
  const auto pending = database.get(Family::pending, pending_key, value);
  if (!pending || !*pending) return pending;
  if (inbox.staged.count == 0) {
    return database.unreadable("the counters of the inbox of " + inbox.tenant() + ": they say that it is empty");
  }
  if (auto left = staging_.holders.left(inbox.tenant(), id, how); !left) return left.error();
  // Written once and deleted once, so the pair may vanish from a memtable without ever reaching the disk's levels.
  staging_.batch.SingleDelete(database.family(Family::pending), pending_key);
  removed_set_.insert(removed_.emplace_back(std::move(pending_key)));
  staging_.inboxes.remove(inbox);
  return true;
}

Status AcknowledgeStage::stage_one(InboxState& inbox, const EventId& id, rocksdb::PinnableSlice& value,
                                   AckStatus& outcome) {
  Database& database = staging_.database;
  const auto removed = remove(inbox, id, Leaving::acknowledged_in_default, value);
  if (!removed) return removed.error();
  const std::string key = layout::event_key(inbox.tenant(), id);
  if (!*removed) {
    // Also if it was acknowledged in this commit.
    const bool just_now = removed_set_.contains(inbox.prefix() + std::string{id.view()});
    const auto acknowledged = just_now ? Result<bool>(true) : database.get(Family::acknowledged, key, value);
    if (!acknowledged) return acknowledged.error();
    outcome = *acknowledged ? AckStatus::already_acknowledged : AckStatus::not_found;
    return Done{};
  }
  std::string acknowledged_at;
  layout::append_u64(acknowledged_at, static_cast<std::uint64_t>(staging_.now.time_since_epoch().count()));
  staging_.batch.Put(database.family(Family::acknowledged), key, acknowledged_at);
  ++staging_.stats.acknowledged;
  outcome = AckStatus::acknowledged;
  return Done{};
}

Status AcknowledgeStage::stage(Operation& operation, TenantState& tenant) {
  rocksdb::PinnableSlice value;  // Reused, for its memory.
  for (std::size_t i = operation.part_begin; i < operation.part_end; ++i) {
    auto staged = stage_one(tenant.default_inbox(), operation.ids[i], value, operation.acks[i]);
    if (!staged) return staged;
  }
  return Done{};
}

Status AcknowledgeStage::stage_leaving(Operation& operation) {
  rocksdb::PinnableSlice value;
  std::size_t left = 0;
  for (std::size_t i = operation.part_begin; i < operation.part_end; ++i) {
    const auto removed = remove(*operation.leave->inbox, operation.ids[i], Leaving::otherwise, value);
    if (!removed) return removed.error();
    left += *removed ? 1 : 0;
  }
  operation.leave->left += left;
  return Done{};
}

void AcknowledgeStage::undo() noexcept {
  for (; removed_.size() > kept_; removed_.pop_back()) removed_set_.erase(removed_.back());
}

}  // namespace triggers::store
