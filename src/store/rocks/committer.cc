#include "store/rocks/committer.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "store/content.h"
#include "store/rocks/event_record.h"
#include "store/rocks/layout.h"

namespace triggers::store {
namespace {

/// Events that share a fingerprint within the window: equal ones are duplicates, so there is more than one only after a
/// collision. The newest are kept.
constexpr std::size_t candidates_max = 8;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& text) { return {text.data(), text.size()}; }

}  // namespace

/// One group commit while it is built. Reused, so that a quiet server allocates little and a busy one less.
class Committer::Batch {
 public:
  Batch(Committer& committer) : committer_(committer) {}

  void commit(std::vector<Operation*>& operations);

 private:
  /// An event of this batch, for the look-ups of those behind it.
  struct Staged {
    EventId id;
    const Append* event;
    std::size_t next_same_fingerprint;  ///< Index of another in `staged_`, or none.
  };
  struct ContentKey {
    const Inbox* inbox;
    event::Fingerprint fingerprint;
    bool operator==(const ContentKey&) const = default;
    friend std::size_t hash_value(const ContentKey& key) {
      return key.fingerprint.low ^ reinterpret_cast<std::uintptr_t>(key.inbox);
    }
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  void reset();
  void stage_all(std::span<Operation* const> operations);
  Status stage(Operation& operation);
  Status stage_append(const std::string& tenant, Inbox& inbox, const Append& event, Appended& answer);
  Status stage_acknowledge(const std::string& tenant, Inbox& inbox, EventId id, AckOutcome& outcome);
  Result<bool> replayed(const std::string& idempotency_key, const std::string& tenant, const Append& event,
                        Appended& answer);
  Result<bool> found_duplicate(const std::string& dedup_key, const std::string& tenant, const Inbox& inbox,
                               const Append& event, Appended& answer);
  Result<bool> stored_is_same(const std::string& tenant, const EventId& id, const Append& event, bool& exists);
  void put_event(const std::string& tenant, Inbox& inbox, const Append& event, const EventId& id);
  void put_counters();
  void touch(Inbox& inbox);
  [[nodiscard]] bool within(std::chrono::seconds window, const EventId& id) const;

  Committer& committer_;
  rocksdb::WriteBatch batch_;
  UnixMillis now_{};     // Of acknowledgements.
  UnixMillis id_now_{};  // Of ids and windows.
  CommitStats stats_;
  std::vector<Staged> staged_;
  boost::unordered_flat_map<ContentKey, std::size_t> by_content_;
  boost::unordered_flat_map<std::string, std::size_t> by_idempotency_key_;
  boost::unordered_flat_set<std::string> acknowledged_;
  std::vector<Inbox*> touched_;
  std::vector<EventId> candidates_;  ///< What the fingerprint of the event at hand has found, newest last.
  std::string head_;                 ///< Scratch for a record's head.
  rocksdb::PinnableSlice value_, stored_;
};

void Committer::Batch::reset() {
  batch_.Clear();
  stats_ = {};
  staged_.clear();
  by_content_.clear();
  by_idempotency_key_.clear();
  acknowledged_.clear();
  touched_.clear();
  now_ = committer_.config_.clock->now();
  id_now_ = committer_.config_.id_time->take();
}

bool Committer::Batch::within(std::chrono::seconds window, const EventId& id) const {
  return id_now_ - id.time() < window;
}

void Committer::Batch::touch(Inbox& inbox) {
  if (!std::exchange(inbox.staged, true)) touched_.push_back(&inbox);
}

Result<bool> Committer::Batch::stored_is_same(const std::string& tenant, const EventId& id, const Append& event,
                                              bool& exists) {
  const auto found = committer_.database_.get(Family::events, layout::event_key(tenant, id), stored_);
  if (!found) return found.error();
  exists = *found;
  if (!exists) return false;
  const auto record = decode_record(view(stored_));
  if (!record) return Error{ErrorCode::internal, "a stored event cannot be read: " + id.text()};
  return same_event(event, record->event_type, record->payload);
}

/// Answers an append whose idempotency key was seen: with the first answer, or as a mismatch.
Result<bool> Committer::Batch::replayed(const std::string& idempotency_key, const std::string& tenant,
                                        const Append& event, Appended& answer) {
  if (const auto here = by_idempotency_key_.find(idempotency_key); here != by_idempotency_key_.end()) {
    const Staged& first = staged_[here->second];
    const bool same = same_event(event, first.event->event_type, first.event->payload);
    answer = {same ? Appended::Outcome::duplicate : Appended::Outcome::idempotency_mismatch, first.id};
    return true;
  }
  const auto found = committer_.database_.get(Family::idempotency, idempotency_key, value_);
  if (!found) return found.error();
  if (!*found) return false;
  if (value_.size() != 32) return Error{ErrorCode::internal, "an idempotency entry cannot be read"};
  const auto first = EventId::from_bytes(view(value_).substr(0, 16));
  if (!within(committer_.config_.idempotency_window, first)) return false;
  bool exists = false;
  auto same = stored_is_same(tenant, first, event, exists);
  if (!same) return same.error();
  if (!exists) {
    // Delivered and expired since: the fingerprint is all that is left of it.
    const auto print = view(value_).substr(16);
    same = event.fingerprint ==
           event::Fingerprint{layout::read_u64(print.substr(0, 8)), layout::read_u64(print.substr(8))};
  }
  answer = {*same ? Appended::Outcome::duplicate : Appended::Outcome::idempotency_mismatch, first};
  return true;
}

/// Collects in `candidates_` what shares the event's fingerprint and, unless the event came with an idempotency key,
/// answers with the one that is equal.
Result<bool> Committer::Batch::found_duplicate(const std::string& dedup_key, const std::string& tenant,
                                               const Inbox& inbox, const Append& event, Appended& answer) {
  candidates_.clear();
  const bool compare = !event.idempotency_key;
  const auto found = committer_.database_.get(Family::dedup, dedup_key, value_);
  if (!found) return found.error();
  if (*found) {
    auto ids = view(value_);
    for (; ids.size() >= 16; ids.remove_prefix(16)) {
      const auto id = EventId::from_bytes(ids.substr(0, 16));
      if (!within(committer_.config_.dedup_window, id)) continue;
      candidates_.push_back(id);
      bool exists = false;
      const auto same = compare ? stored_is_same(tenant, id, event, exists) : Result<bool>(false);
      if (!same) return same.error();
      if (!*same) continue;
      answer = {Appended::Outcome::duplicate, id};
      return true;
    }
  }
  std::optional<EventId> first;
  const auto here = by_content_.find(ContentKey{&inbox, event.fingerprint});
  for (std::size_t i = here == by_content_.end() ? none : here->second; i != none;
       i = staged_[i].next_same_fingerprint) {
    const Staged& other = staged_[i];
    candidates_.push_back(other.id);
    if (!compare || !same_event(event, other.event->event_type, other.event->payload)) continue;
    // The list leads back in time; equal events with different idempotency keys may both be in it.
    first = other.id;
  }
  if (!first) return false;
  answer = {Appended::Outcome::duplicate, *first};
  return true;
}

void Committer::Batch::put_event(const std::string& tenant, Inbox& inbox, const Append& event, const EventId& id) {
  head_.clear();
  append_record_head(head_, event);
  const std::string key = layout::event_key(tenant, id);
  const rocksdb::Slice key_slice = slice(key);
  const std::array<rocksdb::Slice, 3> record = {slice(head_), slice(event.payload), slice(event.metadata)};
  batch_.Put(committer_.database_.family(Family::events), rocksdb::SliceParts(&key_slice, 1),
             rocksdb::SliceParts(record.data(), static_cast<int>(record.size())));
  // The type rides along, so that a filter does not read the events that it passes over.
  const std::array<rocksdb::Slice, 2> pending_key = {slice(inbox.prefix()), slice(id.view())};
  const rocksdb::Slice type = slice(event.event_type);
  batch_.Put(committer_.database_.family(Family::pending), rocksdb::SliceParts(pending_key.data(), 2),
             rocksdb::SliceParts(&type, 1));
}

Status Committer::Batch::stage_append(const std::string& tenant, Inbox& inbox, const Append& event, Appended& answer) {
  std::string idempotency_key;
  if (event.idempotency_key) {
    idempotency_key = layout::idempotency_key(committer_.config_.hash_seed, tenant, *event.idempotency_key);
    const auto seen = replayed(idempotency_key, tenant, event, answer);
    if (!seen) return seen.error();
    if (*seen) {
      ++stats_.duplicates;
      return Done{};
    }
  }
  const bool dedup = committer_.config_.dedup_window.count() > 0;
  std::string dedup_key;
  if (dedup) {
    dedup_key = layout::dedup_key(committer_.config_.hash_seed, tenant, event.fingerprint);
    const auto seen = found_duplicate(dedup_key, tenant, inbox, event, answer);
    if (!seen) return seen.error();
    if (*seen) {
      ++stats_.duplicates;
      return Done{};
    }
  }

  const EventId id = committer_.ids_.next(id_now_);
  put_event(tenant, inbox, event, id);
  const std::size_t index = staged_.size();
  staged_.push_back({id, &event, none});
  if (dedup) {
    std::sort(candidates_.begin(), candidates_.end());
    candidates_.push_back(id);
    std::string ids;
    for (std::size_t i = candidates_.size() - std::min(candidates_.size(), candidates_max); i < candidates_.size();
         ++i) {
      ids.append(candidates_[i].view());
    }
    batch_.Put(committer_.database_.family(Family::dedup), dedup_key, ids);
    const auto [place, fresh] = by_content_.try_emplace(ContentKey{&inbox, event.fingerprint}, index);
    if (!fresh) staged_[index].next_same_fingerprint = std::exchange(place->second, index);
  }
  if (event.idempotency_key) {
    std::string entry{id.view()};
    layout::append_u64(entry, event.fingerprint.high);
    layout::append_u64(entry, event.fingerprint.low);
    batch_.Put(committer_.database_.family(Family::idempotency), idempotency_key, entry);
    by_idempotency_key_.emplace(std::move(idempotency_key), index);
  }
  if (inbox.staged_count++ == 0) {
    inbox.staged_head = true;
    inbox.staged_first = id;
  }
  touch(inbox);
  ++stats_.accepted;
  answer = {Appended::Outcome::accepted, id};
  return Done{};
}

Status Committer::Batch::stage_acknowledge(const std::string& tenant, Inbox& inbox, EventId id, AckOutcome& outcome) {
  std::string pending_key = inbox.prefix();
  pending_key.append(id.view());
  if (acknowledged_.contains(pending_key)) {
    outcome = AckOutcome::already_acknowledged;
    return Done{};
  }
  const auto pending = committer_.database_.get(Family::pending, pending_key, value_);
  if (!pending) return pending.error();
  const std::string key = layout::event_key(tenant, id);
  if (!*pending) {
    const auto delivered = committer_.database_.get(Family::delivered, key, value_);
    if (!delivered) return delivered.error();
    outcome = *delivered ? AckOutcome::already_acknowledged : AckOutcome::not_found;
    return Done{};
  }
  // Written once and deleted once, so the pair may vanish from a memtable without ever reaching the disk's levels.
  batch_.SingleDelete(committer_.database_.family(Family::pending), pending_key);
  std::string delivered_at;
  layout::append_u64(delivered_at, static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  batch_.Put(committer_.database_.family(Family::delivered), key, delivered_at);
  batch_.Put(committer_.database_.family(Family::expiry), layout::expiry_key(now_, tenant, id), rocksdb::Slice());
  acknowledged_.insert(std::move(pending_key));
  INVARIANT(inbox.staged_count > 0);
  --inbox.staged_count;
  inbox.staged_head = true;
  touch(inbox);
  ++stats_.acknowledged;
  outcome = AckOutcome::acknowledged;
  return Done{};
}

Status Committer::Batch::stage(Operation& operation) {
  if (operation.kind == Operation::Kind::change) return operation.change(batch_);
  const std::string& tenant = operation.tenant->id;
  Inbox& inbox = committer_.inboxes_.get(tenant, default_inbox);
  if (operation.kind == Operation::Kind::append) {
    for (std::size_t i = 0; i < operation.events.size(); ++i) {
      if (auto staged = stage_append(tenant, inbox, operation.events[i], operation.appended[i]); !staged) return staged;
    }
    return Done{};
  }
  for (std::size_t i = 0; i < operation.ids.size(); ++i) {
    if (auto staged = stage_acknowledge(tenant, inbox, operation.ids[i], operation.acks[i]); !staged) return staged;
  }
  return Done{};
}

void Committer::Batch::stage_all(std::span<Operation* const> operations) {
  for (Operation* operation : operations) {
    const auto staged = stage(*operation);
    if (staged) continue;
    operation->error = staged.error();
    // A read failed half-way through an operation, whose first half is in the batch: nothing that the store says can
    // be trusted to be whole now.
    if (operation->kind != Operation::Kind::change) {
      committer_.database_.fail(staged.error().message);
    } else {
      // A change is alone in its batch, and what it had put before it failed must not be written.
      batch_.Clear();
    }
  }
}

void Committer::Batch::put_counters() {
  if (!staged_.empty()) {
    batch_.Put(committer_.database_.family(Family::meta), slice(layout::last_id_key),
               slice(committer_.ids_.last().view()));
  }
  for (const Inbox* inbox : touched_) {
    batch_.Put(committer_.database_.family(Family::meta), inbox->meta_key(), inbox->encode_meta());
  }
}

void Committer::Batch::commit(std::vector<Operation*>& operations) {
  const auto started = std::chrono::steady_clock::now();
  reset();
  stats_.operations = operations.size();
  WriteTiming timing;
  auto written = committer_.database_.check_writable();
  if (written) {
    stage_all(operations);
    put_counters();
    stats_.bytes = batch_.GetDataSize();
    if (batch_.Count() > 0) written = committer_.database_.write(batch_, &timing);
  }
  for (Inbox* inbox : touched_) written ? inbox->publish() : inbox->discard();
  if (!written) {
    for (Operation* operation : operations) operation->error = written.error();
  }
  CommitQueue::finish(operations);
  stats_.log_time = timing.log;
  stats_.total_time = std::chrono::steady_clock::now() - started;
  if (written && committer_.config_.observe) committer_.config_.observe(stats_);
}

Committer::Committer(Database& database, Inboxes& inboxes, CommitQueue& queue, EventId last_id, CommitterConfig config)
    : database_(database), inboxes_(inboxes), queue_(queue), config_(std::move(config)), ids_(last_id) {
  thread_ = std::thread([this] { run(); });
}

Committer::~Committer() {
  queue_.close();  // The store does so as well, but not if what it builds after this has thrown.
  thread_.join();
}

void Committer::run() {
  Batch batch(*this);
  std::vector<Operation*> operations;
  while (queue_.take(operations)) batch.commit(operations);
}

}  // namespace triggers::store
