#include "store/rocks/commit/entry_stage.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "base/invariant.h"
#include "store/inbox_changes.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

using Kind = EntryOperation::Kind;

/// Dead entries that one operation removes together with their inbox.
constexpr std::size_t forgotten_max = 256;

void count(const EntryOperation& entry, EntryStatus status, CommitStats& stats) {
  if (!entry.lease) return;
  if (status == EntryStatus::acknowledged) ++stats.acknowledged_by_lease;
  if (status == EntryStatus::released) ++stats.released;
  if (status == EntryStatus::lease_lost) ++stats.lease_lost;
}

bool is_default(const InboxState& inbox) { return inbox.name() == InboxName().text(); }

}  // namespace

EntryStage::EntryStage(Staging& staging, const CommitterConfig& config)
    : staging_(staging),
      config_(config),
      table_(staging.database, staging.batch),
      tracked_(config.tenant_limits.tracked_max),
      ends_(staging, table_),
      leases_(staging, table_, ends_, tracked_, config.leased_max) {}

Status EntryStage::look(Operation& operation, TenantState& tenant) const {
  EntryOperation& entry = *operation.entry;
  const auto target = find_target(tenant, entry.inbox);
  if (!target) return no_such_inbox(entry.inbox);
  entry.looked_at = staging_.id_now;
  entry.fresh_after = target->state.fresh_after();
  const auto* const index = target->state.index();
  entry.found_all = index == nullptr;
  if (index == nullptr) return Done{};
  for (const EventId& id : index->page(entry.state, entry.after, entry.limit)) {
    entry.found.push_back({id, index->find(id)->entry.since});
  }
  entry.found_all = entry.found.size() < entry.limit;
  return Done{};
}

std::size_t EntryStage::count_entries(const EntryOperation& entry, const TenantState& tenant) const {
  const auto target = find_target(tenant, entry.inbox);
  if (!target) return 0;
  const auto* const index = target->state.index();
  if (entry.all_held) return index != nullptr ? index->held_by(*entry.lease).size() : 0;
  // One more, so that a lease notices counters that say too little.
  if (index == nullptr) return target->state.available() + 1;
  const auto due = index->next_due();
  const inbox::Counts counts = index->counts();
  return 1 + (due && *due <= config_.id_time->now() ? counts.undelivered() : counts.available);
}

Status EntryStage::stage(Operation& operation, TenantState& tenant) {
  EntryOperation& entry = *operation.entry;
  const auto target = find_target(tenant, entry.inbox);
  if (!target) return no_such_inbox(entry.inbox);
  if (entry.kind == Kind::lease) return leases_.stage(operation, tenant, *target);
  if (entry.kind == Kind::advance) {
    advance(operation, target->state);
    return Done{};
  }
  if (operation.part_begin == 0) begin(entry, target->state);
  const std::size_t end = std::min(operation.part_end, entry.results.size());
  entry.exhausted = end == entry.results.size();
  for (std::size_t i = operation.part_begin; i < end; ++i) {
    if (auto staged = stage_one(*target, entry, i, entry.results[i].status); !staged) return staged;
    count(entry, entry.results[i].status, staging_.stats);
  }
  return Done{};
}

void EntryStage::begin(EntryOperation& entry, const InboxState& inbox) const {
  if (entry.kind == Kind::extend) entry.until = staging_.id_now + *entry.duration;
  if (!entry.all_held) return;
  entry.results.clear();
  if (inbox.index() == nullptr) return;
  for (const EventId& id : inbox.index()->held_by(*entry.lease)) entry.results.push_back({id});
}

void EntryStage::advance(Operation& operation, InboxState& inbox) {
  const std::size_t limit = operation.entry->limit;
  const bool ended = ends_.end_leases(inbox, limit > 0 ? limit : EndStage::ends_max);
  const bool expired = !config_.retention_now || ends_.expire_dead(inbox, config_.retention_now());
  operation.entry->left = !ended || !expired;
  if (operation.entry->left) operation.part_end = operation.part_begin;
}

Status EntryStage::stage_one(const TargetInbox& target, const EntryOperation& entry, std::size_t index,
                             EntryStatus& status) {
  InboxState& inbox = target.state;
  const EventId& id = entry.results[index].id;
  auto known = know(inbox, id);
  if (!known) return known.error();
  auto done = transition(target.rules, entry, known->record);
  // An acknowledgement before this one matters only now.
  const bool asks_who = entry.kind == Kind::acknowledge || (entry.lease && !known->record.entry);
  if (!done.changed && asks_who) {
    auto before = acknowledgement(inbox, id, entry.lease.has_value());
    if (!before) return before.error();
    known->record.acknowledgement = *before;
    done = transition(target.rules, entry, known->record);
  }
  status = done.status;
  if (!done.changed) return Done{};
  if (done.changed->entry) return put(inbox, entry, index, *known, *std::move(done.changed->entry));
  const bool acknowledged = entry.kind == Kind::acknowledge;
  const auto how = acknowledged && is_default(inbox) ? Leaving::acknowledged_in_default : Leaving::otherwise;
  if (auto left = staging_.holders.left(inbox.tenant(), id, how); !left) return left;
  if (auto removed = remove(inbox, id, *known); !removed) return removed;
  if (acknowledged) put_acknowledgement(inbox, id, *known, *done.changed->acknowledgement);
  return Done{};
}

Result<EntryStage::Known> EntryStage::know(InboxState& inbox, const EventId& id) {
  Known known;
  if (const auto* const index = inbox.index()) {
    if (const auto slot = index->find(id)) {
      known.record.entry = slot->entry;
      known.has_slot = true;
      known.is_pending = slot->entry.state != EntryState::dead;
      known.failed = slot->failed;
      return known;
    }
  }
  if (id <= inbox.fresh_after()) return known;
  const auto pending = table_.pending(inbox, id);
  if (!pending) return pending.error();
  known.is_pending = pending->has_value();
  if (!*pending) return known;
  known.again = (*pending)->again;
  known.record.entry = inbox::Entry{};
  return known;
}

Result<std::optional<inbox::Acknowledgement>> EntryStage::acknowledgement(InboxState& inbox, const EventId& id,
                                                                          bool by_lease) {
  using Found = std::optional<inbox::Acknowledgement>;
  const auto counts = [this](UnixMillis at) {
    return !config_.retention_now || config_.retention_now() - at < config_.event_ttl;
  };
  const auto traced = [&]() -> Result<Found> {
    auto trace = table_.trace(inbox, id);
    return trace && *trace && !counts((*trace)->at) ? Found{} : std::move(trace);
  };
  const bool in_default = is_default(inbox);
  const bool asks_trace = by_lease || !in_default;  // Only a trace says which lease it was.
  if (asks_trace) {
    auto trace = traced();
    if (!trace || *trace || !in_default) return trace;
  }
  const auto at = table_.acknowledged_at(inbox, id);
  if (!at) return at.error();
  if (*at) return counts(**at) ? Found{{.at = **at}} : Found{};
  // A replay has taken the time away, and has left a trace.
  return asks_trace ? Result<Found>(Found{}) : traced();
}

inbox::Transition EntryStage::transition(const inbox::Rules& rules, const EntryOperation& entry,
                                         const inbox::Record& record) const {
  const UnixMillis now = staging_.id_now;
  switch (entry.kind) {
    case Kind::acknowledge: return inbox::acknowledge(record, entry.lease, now);
    case Kind::release: return inbox::release(record, *entry.lease, entry.delay, entry.error, rules, now);
    case Kind::extend: return inbox::extend(record, *entry.lease, *entry.duration, now);
    case Kind::requeue: return inbox::requeue(record, rules, now);
    case Kind::discard: return inbox::discard(record, rules, now);
    case Kind::lease:
    case Kind::advance:
    case Kind::look: break;
  }
  INVARIANT(false, "an operation without ids");
}

Status EntryStage::put(InboxState& inbox, const EntryOperation& entry, std::size_t index, const Known& known,
                       inbox::Entry changed) {
  const EventId& id = entry.results[index].id;
  if (known.failed && !changed.last_failure) {
    auto failure = table_.last_failure(inbox, id);
    if (!failure) return failure.error();
    changed.last_failure = *std::move(failure);
  }
  // All entries of a request get one end, also if they are committed in several parts.
  if (entry.kind == Kind::extend)
    changed.until = std::max(*entry.until, staging_.id_now + std::chrono::milliseconds(1));
  auto& staged = staging_.inboxes.change(inbox);
  const bool becomes_pending = changed.state != EntryState::dead;
  if (known.is_pending && !becomes_pending) {
    table_.remove_pending(inbox, id);
    --staged.count;
    staged.head_changed = true;
    ++staging_.stats.died;
  } else if (!known.is_pending && becomes_pending) {
    const auto& value = entry.pending_values[index];
    if (!value) return staging_.database.unreadable("the event " + id.text() + " of " + inbox.tenant());
    inbox.lower_head(id);
    table_.put_pending(inbox, id, *value);
    ++staged.count;
    staged.first.reset();
    staged.head_changed = true;
  }
  staged.gained = staged.gained || changed.state == EntryState::available;
  inbox.index()->update(id, changed);
  table_.put_entry(inbox, id, changed);
  return Done{};
}

Status EntryStage::remove(InboxState& inbox, const EventId& id, const Known& known) {
  const auto* const index = inbox.index();
  const std::uint64_t fresh = index != nullptr ? index->fresh() : inbox.staged.count;
  if (!known.has_slot && fresh == 0) {
    return staging_.database.unreadable("the counters of the inbox of " + inbox.tenant() +
                                        ": more entries are there than they say");
  }
  auto& staged = staging_.inboxes.change(inbox);
  if (inbox.index() != nullptr) inbox.index()->remove(id);
  if (known.has_slot) table_.remove_entry(inbox, id);
  if (!known.is_pending) return Done{};
  table_.remove_pending(inbox, id);
  --staged.count;
  staged.head_changed = true;
  return Done{};
}

void EntryStage::put_acknowledgement(InboxState& inbox, const EventId& id, const Known& known,
                                     const inbox::Acknowledgement& acknowledgement) {
  staging_.inboxes.change(inbox).last_consumed_at = staging_.now;
  ++staging_.stats.acknowledged;
  const bool in_default = is_default(inbox);
  // In `default` the time of the acknowledgement says enough of an entry that was never leased, and has no trace.
  const bool needs_trace = acknowledgement.lease || known.has_slot || known.again || !in_default;
  if (needs_trace) table_.put_trace(inbox, id, acknowledgement);
  if (in_default) table_.put_acknowledged_at(inbox, id, staging_.now);
}

Status EntryStage::stage_leaving(Operation& operation) {
  LeaveOperation& leave = *operation.leave;
  if (leave.forget) return forget(leave);
  InboxState& inbox = *leave.inbox;
  std::size_t left = 0;
  for (std::size_t i = operation.part_begin; i < operation.part_end; ++i) {
    const auto known = know(inbox, leave.ids[i]);
    if (!known) return known.error();
    if (!known->is_pending) continue;
    if (auto removed = remove(inbox, leave.ids[i], *known); !removed) return removed;
    staging_.holders.left_by_itself(inbox.tenant(), leave.ids[i]);
    ++left;
  }
  leave.left += left;
  return Done{};
}

Status EntryStage::forget(LeaveOperation& leave) {
  InboxState& inbox = *leave.inbox;
  std::vector<EventId> dead;
  if (inbox.index() != nullptr) dead = inbox.index()->page(EntryState::dead, std::nullopt, forgotten_max);
  for (const EventId& id : dead) {
    const Known known{.record = {}, .has_slot = true};
    if (auto removed = remove(inbox, id, known); !removed) return removed;
    staging_.holders.left_by_itself(inbox.tenant(), id);
  }
  if (!dead.empty()) return Done{};
  leave.forgotten = true;
  auto* const meta = staging_.database.family(Family::meta);
  staging_.batch.Delete(meta, inbox.meta_key());
  staging_.batch.Delete(meta, layout::leaving_key(inbox.tenant(), inbox.name()));
  return Done{};
}

}  // namespace triggers::store
