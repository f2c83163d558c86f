#include "store/rocks/commit/lease_stage.h"

#include <rocksdb/options.h>

#include <algorithm>
#include <utility>

#include "store/page.h"
#include "store/rocks/inbox/pending_scan.h"

namespace triggers::store {
namespace {

/// The operation took nothing in this commit. What was leased for it before is its answer; without any, it is submitted
/// again.
void leave(Operation& operation) {
  operation.part_end = operation.part_begin;
  EntryOperation& entry = *operation.entry;
  (entry.leased.empty() ? entry.left : entry.exhausted) = true;
}

/// The same, until its waiter has read what is on the disk.
void leave_for_disk(Operation& operation) {
  operation.part_end = operation.part_begin;
  operation.entry->left = operation.entry->needs_disk = true;
}

void end(Operation& operation) {
  operation.part_end = operation.part_begin;
  operation.entry->exhausted = true;
}

}  // namespace

void LeaseStage::refuse(Operation& operation, Leased::Outcome why) {
  end(operation);
  if (!operation.entry->leased.empty()) return;
  operation.entry->refused = why;
  const bool leased = why == Leased::Outcome::too_many_leased;
  ++(leased ? staging_.stats.leases_refused : staging_.stats.leases_refused_tracked);
}

Status LeaseStage::stage(Operation& operation, TenantState& tenant, const TargetInbox& target) {
  EntryOperation& entry = *operation.entry;
  InboxState& inbox = target.state;
  if (!ends_.end_leases(inbox)) {
    leave(operation);
    return Done{};
  }
  if (entry.leased.empty()) {
    entry.leased_at = staging_.id_now;
    entry.duration = entry.duration.value_or(target.lease_duration);
    entry.until = entry.leased_at + *entry.duration;
  } else if (staging_.id_now >= *entry.until) {
    end(operation);
    return Done{};
  }
  const std::size_t leased = inbox.index() != nullptr ? inbox.index()->counts().leased : 0;
  const std::size_t room = leased_max_ - std::min<std::size_t>(leased, leased_max_);
  if (room == 0) {
    refuse(operation, Leased::Outcome::too_many_leased);
    return Done{};
  }
  const std::size_t elements = operation.part_end - operation.part_begin;
  const auto choice = choose(tenant, inbox, entry, std::min(elements, room));
  if (!choice) return choice.error();
  if (choice->needs_disk) {
    leave_for_disk(operation);
    return Done{};
  }
  if (choice->no_room) {
    refuse(operation, Leased::Outcome::too_many_tracked);
    return Done{};
  }
  if (choice->count == 0 && choice->searched_to) {
    staging_.inboxes.index(inbox, target.rules).skip_to(*choice->searched_to);
    leave(operation);
    return Done{};
  }
  if (choice->count == 0) {
    end(operation);
    return Done{};
  }
  entry.exhausted = choice->count < elements;
  tracked_.add(tenant, choice->fresh.size());
  return hand_out(target, entry, *choice);
}

bool LeaseStage::take(Choice& choice, const EntryOperation& entry, std::size_t event_bytes) {
  const std::size_t bytes = event_bytes + event_overhead_bytes;
  const bool first = entry.leased.empty() && choice.count == 0;
  if (!first && entry.leased_bytes + choice.bytes + bytes > entry.bytes_max) return false;
  choice.bytes += bytes;
  ++choice.count;
  return true;
}

Result<LeaseStage::Choice> LeaseStage::choose(TenantState& tenant, InboxState& inbox, const EntryOperation& entry,
                                              std::size_t wanted) {
  Choice choice;
  if (const auto* const index = inbox.index()) {
    const auto back = index->page(EntryState::available, std::nullopt, wanted);
    for (const EventId& id : back) {
      const auto bytes = table_.event_bytes(inbox, id);
      if (!bytes) return bytes.error();
      if (!take(choice, entry, *bytes)) return choice;
    }
  }
  const std::uint64_t fresh = inbox.index() != nullptr ? inbox.index()->fresh() : inbox.staged.count;
  if (choice.count == wanted || fresh == 0) return choice;
  const std::size_t room = tracked_.room(tenant, wanted - choice.count);
  choice.no_room = room == 0 && choice.count == 0;
  if (room == 0) return choice;
  if (auto chosen = choose_fresh(inbox, entry, choice.count + room, choice); !chosen) return chosen.error();
  if (choice.fresh.size() > fresh) {
    return staging_.database.unreadable("the counters of the inbox of " + inbox.tenant() +
                                        ": more entries are there than they say");
  }
  return choice;
}

Status LeaseStage::choose_fresh(InboxState& inbox, const EntryOperation& entry, std::size_t wanted, Choice& choice) {
  const PendingRange range{.first = std::max(inbox.head().id, successor(inbox.fresh_after()))};
  rocksdb::ReadOptions options;
  if (!entry.may_use_disk) options.read_tier = rocksdb::kBlockCacheTier;
  PendingScan scan(staging_.database, inbox, options, range, marks_max);
  for (; scan.valid() && choice.count < wanted; scan.next()) {
    const EventId id = scan.id();
    if (table_.was_removed(inbox, id)) continue;
    const auto bytes = table_.event_bytes(inbox, id, scan.value());
    if (!bytes) return bytes.error();
    if (!take(choice, entry, *bytes)) break;
    choice.fresh.push_back(id);
    if (scan.tired()) break;
  }
  choice.needs_disk = !entry.may_use_disk && scan.gave_up();
  if (choice.needs_disk) return Done{};
  if (auto status = scan.status(); !status) return status;
  if (choice.count > 0) return Done{};
  const auto place = scan.gave_up_at();
  if (!place) return place.error();
  choice.searched_to = *place;
  return Done{};
}

Status LeaseStage::hand_out(const TargetInbox& target, EntryOperation& entry, const Choice& choice) {
  InboxState& inbox = target.state;
  if (!entry.memory.grow(choice.bytes)) return no_memory_for_page();
  if (entry.leased.empty()) {
    entry.lease = LeaseId{ids_.next(staging_.id_now)};
    ++staging_.stats.leases;
  }
  auto& index = staging_.inboxes.index(inbox, target.rules);
  // By the time of its first part, so that all entries of a lease have one end.
  const auto leased = index.lease(choice.fresh, choice.count, *entry.lease, *entry.duration, entry.leased_at);
  for (const inbox::LeasedEntry& one : leased) {
    inbox::Entry record = one.entry;
    if (one.failed) {
      auto failure = table_.last_failure(inbox, one.id);
      if (!failure) return failure.error();
      record.last_failure = *std::move(failure);
    }
    table_.put_entry(inbox, one.id, record);
    entry.leased.push_back({one.id, record.attempts});
  }
  entry.leased_bytes += choice.bytes;
  staging_.inboxes.change(inbox).last_consumed_at = staging_.now;
  staging_.stats.leased += leased.size();
  return Done{};
}

}  // namespace triggers::store
