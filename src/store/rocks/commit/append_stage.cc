#include "store/rocks/commit/append_stage.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <utility>

#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/pending_value.h"

namespace triggers::store {
namespace {

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

AppendStage::AppendStage(Staging& staging, const CommitterConfig& config, const EventId& last_id)
    : staging_(staging),
      config_(config),
      ids_(last_id),
      contents_(staging.database, config.hash_seed, config.dedup_window, stored_digests_),
      replays_(staging.database, config.hash_seed, config.idempotency_window, stored_digests_) {}

void AppendStage::begin() {
  contents_.begin(staging_.id_now);
  replays_.begin(staging_.id_now);
  digest_budget_.begin();
}

void AppendStage::use_digests(const Operation& operation) {
  if (!operation.digests || !operation.digests->of_stored) return;
  stored_digests_.put(operation.digests->of_stored->id, operation.digests->of_stored->digest);
}

void AppendStage::put_event(const TenantState& tenant, const IncomingEvent& event, const EventId& id) {
  head_.clear();
  append_record_head(head_, event);
  const std::string key = layout::event_key(tenant.id(), id);
  const rocksdb::Slice key_slice = slice(key);
  const std::array<rocksdb::Slice, 3> record = {slice(head_), slice(event.payload), slice(event.metadata)};
  staging_.batch.Put(staging_.database.family(Family::events), rocksdb::SliceParts(&key_slice, 1),
                     rocksdb::SliceParts(record.data(), static_cast<int>(record.size())));
  const std::size_t record_bytes = head_.size() + event.payload.size() + event.metadata.size();
  pending_value_.clear();
  append_pending_value(pending_value_, {.record_bytes = record_bytes, .event_type = event.event_type});
}

void AppendStage::put_entry(InboxState& inbox, const EventId& id) {
  const std::array<rocksdb::Slice, 2> key = {slice(inbox.prefix()), slice(id.view())};
  const rocksdb::Slice value = slice(pending_value_);
  staging_.batch.Put(staging_.database.family(Family::pending), rocksdb::SliceParts(key.data(), 2),
                     rocksdb::SliceParts(&value, 1));
  staging_.inboxes.add(inbox, id);
}

void AppendStage::put_entries(const Roster& roster, const Takers& takers, const TenantState& tenant,
                              const EventId& id) {
  const auto& inboxes = roster.entries();
  for (std::size_t i = 0; i < inboxes.size(); ++i) {
    if (takers[i]) put_entry(*inboxes[i].state, id);
  }
  if (takers != roster.default_alone()) staging_.holders.accepted(tenant.id(), id, takers.count());
}

Result<bool> AppendStage::answered(const std::string& replay_key, const TenantState& tenant, ComparedEvent& incoming,
                                   std::optional<ContentIndex::Lookup>& lookup, Operation& operation,
                                   Appended& answer) {
  if (!replay_key.empty()) {
    const auto seen = replays_.find(replay_key, tenant.id(), incoming);
    if (!seen) return seen.error();
    operation.undecided = seen->undecided;
    if (seen->answer) answer = *seen->answer;
    if (seen->answer || seen->undecided) return true;
  }
  if (config_.dedup_window.count() == 0) return false;
  const auto found = contents_.find(tenant, incoming);
  if (!found) return found.error();
  operation.undecided = found->undecided;
  if (found->undecided) return true;
  lookup = *found;
  if (!found->equal || !replay_key.empty()) return false;
  answer = {Appended::Outcome::duplicate, *found->equal};
  return true;
}

Status AppendStage::stage(Operation& operation, const TenantState& tenant, std::size_t index, Appended& answer) {
  const IncomingEvent& event = operation.events[index];
  ComparedEvent incoming(event, digest_budget_, operation.digest_of(index));
  std::string replay_key;
  if (event.idempotency_key) replay_key = replays_.entry_key(tenant.id(), *event.idempotency_key);
  std::optional<ContentIndex::Lookup> lookup;
  const auto seen = answered(replay_key, tenant, incoming, lookup, operation, answer);
  staging_.stats.compared_bytes += incoming.compared_bytes();
  staging_.stats.hashed_bytes += incoming.hashed_bytes();
  if (!seen) return seen.error();
  if (operation.undecided) return Done{};
  if (*seen) {
    ++staging_.stats.duplicates;
    return Done{};
  }

  const std::size_t takers = operation.routed ? operation.routed->takers_of(index).count() : 1;
  if (const auto limit = staging_.bounds.refuses(tenant, event, takers)) {
    ++staging_.stats.without_room[static_cast<std::size_t>(*limit)];
    answer = {.outcome = Appended::Outcome::no_room, .limit = *limit};
    return Done{};
  }
  const EventId id = ids_.next(staging_.id_now);
  put_event(tenant, event, id);
  if (operation.routed) {
    put_entries(*operation.routed->roster, operation.routed->takers_of(index), tenant, id);
  } else {
    put_entry(tenant.default_inbox(), id);
  }
  if (lookup) contents_.add(*lookup, event, id);
  if (!replay_key.empty()) replays_.add(std::move(replay_key), event, id, staging_.batch);
  staging_.bounds.stored(tenant.id(), event);
  ++staging_.stats.accepted;
  answer = {Appended::Outcome::accepted, id};
  return Done{};
}

void AppendStage::keep() noexcept {
  contents_.keep();
  replays_.keep();
}

void AppendStage::undo() noexcept {
  contents_.undo();
  replays_.undo();
}

void AppendStage::put() { contents_.put(staging_.batch); }

void AppendStage::put_last_id() {
  staging_.batch.Put(staging_.database.family(Family::meta), slice(layout::last_id_key), slice(ids_.last().view()));
}

}  // namespace triggers::store
