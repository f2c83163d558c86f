#include "store/rocks/commit/committer.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>

#include "base/invariant.h"
#include "base/thread_name.h"
#include "store/rocks/commit/content_index.h"
#include "store/rocks/commit/replay_index.h"
#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

constexpr std::chrono::milliseconds memory_pause{10};

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

/// What an exception of the standard library or of RocksDB means for the caller. For a catch block.
Error error_of_exception() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return {ErrorCode::overloaded, {}};  // No text: it might need memory.
  } catch (const std::exception& exception) {
    try {
      return {ErrorCode::internal, std::string{"the write ended in an exception: "} + exception.what()};
    } catch (...) {
      return {ErrorCode::internal, {}};
    }
  } catch (...) {
    return {ErrorCode::internal, {}};
  }
}

/// Without its text if there is no memory for it.
Error copy_of(const Error& error) noexcept {
  try {
    return error;
  } catch (...) {
    return {error.code, {}};
  }
}

void refuse(Operation& operation, const Error& error) noexcept { operation.error = copy_of(error); }

}  // namespace

/// One group commit while it is built. Reused, so that a quiet server allocates little and a busy one less.
class Committer::Batch {
 public:
  Batch(Committer& committer)
      : committer_(committer),
        contents_(committer.database_, committer.config_.hash_seed, committer.config_.dedup_window, stored_digests_),
        replays_(committer.database_, committer.config_.hash_seed, committer.config_.idempotency_window,
                 stored_digests_) {}

  /// Every operation gets a result, whatever happens.
  void commit(std::vector<Operation*>& operations) noexcept;

 private:
  /// What an event, or another operation, changes besides the batch, as it was before.
  struct Before {
    CommitStats stats;
    std::size_t accepted, acknowledged, touched;
    Inbox* inbox = nullptr;  ///< None for a change.
    std::uint64_t inbox_count = 0;
    bool inbox_staged_head = false;
    std::optional<EventId> inbox_staged_first{};
  };

  void reset();
  void stage_all(std::span<Operation* const> operations);
  /// Stages each event on its own, so that a failed one leaves the others.
  void stage_events(Operation& operation);
  /// Runs `stage()`; if it fails, nothing of what it staged stays. `inbox` is the one that it changes, or null.
  template <class Stage>
  Status stage_whole(Inbox* inbox, Stage stage);
  Before note_before(Inbox* inbox) const;
  void roll_back(const Before& before);
  Status stage_acknowledgements(Operation& operation, Inbox& inbox);
  Status stage_append(Operation& operation, Inbox& inbox, std::size_t index, Appended& answer);
  /// True if the event was answered as a duplicate, or as a mismatch, or if it is left undecided.
  Result<bool> answered(const std::string& replay_key, Inbox& inbox, ComparedEvent& incoming,
                        std::optional<ContentIndex::Lookup>& lookup, Operation& operation, Appended& answer);
  /// After a commit that failed: those of its elements that are answered already stay so.
  void refuse_part(Operation& operation, const Error& error) noexcept;
  Status stage_acknowledge(const std::string& tenant, Inbox& inbox, EventId id, AckStatus& outcome);
  void put_event(const std::string& tenant, Inbox& inbox, const IncomingEvent& event, const EventId& id);
  void put_counters();
  void touch(Inbox& inbox);
  Status write(std::span<Operation* const> operations, WriteTiming& timing);
  Status write_or_refuse(std::span<Operation* const> operations, WriteTiming& timing) noexcept;
  void observe() noexcept;

  Committer& committer_;
  rocksdb::WriteBatch batch_;
  UnixMillis now_{};     // Of acknowledgements.
  UnixMillis id_now_{};  // Of ids and windows.
  CommitStats stats_;
  DigestCache stored_digests_;
  ContentIndex contents_;
  ReplayIndex replays_;
  DigestBudget digest_budget_;
  std::size_t accepted_ = 0;
  std::deque<std::string> acknowledged_;  ///< A deque, because `acknowledged_set_` views its elements.
  boost::unordered_flat_set<std::string_view> acknowledged_set_;
  std::vector<Inbox*> touched_;
  std::string head_;  ///< Scratch for a record's head.
  rocksdb::PinnableSlice value_;
};

void Committer::Batch::reset() {
  now_ = committer_.config_.clock->now();
  id_now_ = committer_.config_.id_time->take();
  batch_.Clear();
  stats_ = {};
  accepted_ = 0;
  contents_.begin(id_now_);
  replays_.begin(id_now_);
  digest_budget_.begin();
  acknowledged_set_.clear();
  acknowledged_.clear();
  touched_.clear();
}

void Committer::Batch::touch(Inbox& inbox) {
  if (inbox.staged) return;
  touched_.push_back(&inbox);
  inbox.staged = true;
}

void Committer::Batch::put_event(const std::string& tenant, Inbox& inbox, const IncomingEvent& event,
                                 const EventId& id) {
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

Result<bool> Committer::Batch::answered(const std::string& replay_key, Inbox& inbox, ComparedEvent& incoming,
                                        std::optional<ContentIndex::Lookup>& lookup, Operation& operation,
                                        Appended& answer) {
  if (!replay_key.empty()) {
    const auto seen = replays_.find(replay_key, inbox.tenant(), incoming);
    if (!seen) return seen.error();
    operation.undecided = seen->undecided;
    if (seen->answer) answer = *seen->answer;
    if (seen->answer || seen->undecided) return true;
  }
  if (committer_.config_.dedup_window.count() == 0) return false;
  const auto found = contents_.find(inbox, incoming);
  if (!found) return found.error();
  operation.undecided = found->undecided;
  if (found->undecided) return true;
  lookup = *found;
  if (!found->equal || !replay_key.empty()) return false;
  answer = {Appended::Outcome::duplicate, *found->equal};
  return true;
}

Status Committer::Batch::stage_append(Operation& operation, Inbox& inbox, std::size_t index, Appended& answer) {
  const std::string& tenant = operation.tenant->id;
  const IncomingEvent& event = operation.events[index];
  ComparedEvent incoming(event, digest_budget_, operation.digest_of(index));
  std::string replay_key;
  if (event.idempotency_key) replay_key = replays_.entry_key(tenant, *event.idempotency_key);
  std::optional<ContentIndex::Lookup> lookup;
  const auto seen = answered(replay_key, inbox, incoming, lookup, operation, answer);
  stats_.compared_bytes += incoming.compared_bytes();
  stats_.hashed_bytes += incoming.hashed_bytes();
  if (!seen) return seen.error();
  if (operation.undecided) return Done{};
  if (*seen) {
    ++stats_.duplicates;
    return Done{};
  }

  const EventId id = committer_.ids_.next(id_now_);
  touch(inbox);
  put_event(tenant, inbox, event, id);
  if (lookup) contents_.add(*lookup, event, id);
  if (!replay_key.empty()) replays_.add(std::move(replay_key), event, id, batch_);
  if (inbox.staged_count++ == 0) {
    inbox.staged_head = true;
    inbox.staged_first = id;
  }
  ++accepted_;
  ++stats_.accepted;
  answer = {Appended::Outcome::accepted, id};
  return Done{};
}

Status Committer::Batch::stage_acknowledge(const std::string& tenant, Inbox& inbox, EventId id, AckStatus& outcome) {
  std::string pending_key = inbox.prefix();
  pending_key.append(id.view());
  if (acknowledged_set_.contains(pending_key)) {
    outcome = AckStatus::already_acknowledged;
    return Done{};
  }
  const auto pending = committer_.database_.get(Family::pending, pending_key, value_);
  if (!pending) return pending.error();
  const std::string key = layout::event_key(tenant, id);
  if (!*pending) {
    const auto acknowledged = committer_.database_.get(Family::acknowledged, key, value_);
    if (!acknowledged) return acknowledged.error();
    outcome = *acknowledged ? AckStatus::already_acknowledged : AckStatus::not_found;
    return Done{};
  }
  if (inbox.staged_count == 0) {
    return committer_.database_.unreadable("the counters of the inbox of " + tenant + ": they say that it is empty");
  }
  touch(inbox);
  // Written once and deleted once, so the pair may vanish from a memtable without ever reaching the disk's levels.
  batch_.SingleDelete(committer_.database_.family(Family::pending), pending_key);
  std::string acknowledged_at;
  layout::append_u64(acknowledged_at, static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  batch_.Put(committer_.database_.family(Family::acknowledged), key, acknowledged_at);
  batch_.Put(committer_.database_.family(Family::expiry), layout::expiry_key(now_, tenant, id), rocksdb::Slice());
  acknowledged_set_.insert(acknowledged_.emplace_back(std::move(pending_key)));
  --inbox.staged_count;
  inbox.staged_head = true;
  ++stats_.acknowledged;
  outcome = AckStatus::acknowledged;
  return Done{};
}

Status Committer::Batch::stage_acknowledgements(Operation& operation, Inbox& inbox) {
  for (std::size_t i = operation.part_begin; i < operation.part_end; ++i) {
    auto staged = stage_acknowledge(operation.tenant->id, inbox, operation.ids[i], operation.acks[i]);
    if (!staged) return staged;
  }
  return Done{};
}

Committer::Batch::Before Committer::Batch::note_before(Inbox* inbox) const {
  Before before{stats_, accepted_, acknowledged_.size(), touched_.size()};
  if (inbox == nullptr) return before;
  before.inbox = inbox;
  before.inbox_count = inbox->staged_count;
  before.inbox_staged_head = inbox->staged_head;
  before.inbox_staged_first = inbox->staged_first;
  return before;
}

void Committer::Batch::roll_back(const Before& before) {
  stats_ = before.stats;
  accepted_ = before.accepted;
  contents_.undo();
  replays_.undo();
  for (; acknowledged_.size() > before.acknowledged; acknowledged_.pop_back()) {
    acknowledged_set_.erase(acknowledged_.back());
  }
  for (; touched_.size() > before.touched; touched_.pop_back()) touched_.back()->staged = false;
  if (before.inbox != nullptr) {
    before.inbox->staged_count = before.inbox_count;
    before.inbox->staged_head = before.inbox_staged_head;
    before.inbox->staged_first = before.inbox_staged_first;
  }
  const auto status = batch_.RollbackToSavePoint();
  INVARIANT(status.ok(), "RocksDB cannot undo what an event staged: %s", status.ToString().c_str());
}

template <class Stage>
Status Committer::Batch::stage_whole(Inbox* inbox, Stage stage) {
  const Before before = note_before(inbox);
  batch_.SetSavePoint();
  Status staged = Done{};
  try {
    staged = stage();
  } catch (...) {
    staged = error_of_exception();
  }
  if (staged) {
    batch_.PopSavePoint().PermitUncheckedError();
    contents_.keep();
    replays_.keep();
  } else {
    roll_back(before);
  }
  return staged;
}

void Committer::Batch::stage_events(Operation& operation) {
  Inbox& inbox = committer_.inboxes_.get(operation.tenant->id, default_inbox);
  if (operation.digests && operation.digests->of_stored) {
    stored_digests_.put(operation.digests->of_stored->id, operation.digests->of_stored->digest);
  }
  for (std::size_t i = operation.part_begin; i < operation.part_end; ++i) {
    Appended answer;
    const auto staged = stage_whole(&inbox, [&] { return stage_append(operation, inbox, i, answer); });
    if (operation.undecided) {
      // This element and all later ones wait for another commit.
      operation.part_end = i;
      ++stats_.left_events;
      return;
    }
    operation.appended[i] = staged ? Result<Appended>(answer) : copy_of(staged.error());
  }
}

void Committer::Batch::stage_all(std::span<Operation* const> operations) {
  for (Operation* operation : operations) {
    Status staged = Done{};
    switch (operation->kind) {
      case Operation::Kind::append: stage_events(*operation); break;
      case Operation::Kind::acknowledge: {
        Inbox& inbox = committer_.inboxes_.get(operation->tenant->id, default_inbox);
        staged = stage_whole(&inbox, [&] { return stage_acknowledgements(*operation, inbox); });
        break;
      }
      case Operation::Kind::change: staged = stage_whole(nullptr, [&] { return operation->change(batch_); }); break;
    }
    if (!staged) refuse(*operation, staged.error());
  }
}

void Committer::Batch::put_counters() {
  contents_.put(batch_);
  if (accepted_ > 0) {
    batch_.Put(committer_.database_.family(Family::meta), slice(layout::last_id_key),
               slice(committer_.ids_.last().view()));
  }
  for (const Inbox* inbox : touched_) {
    batch_.Put(committer_.database_.family(Family::meta), inbox->meta_key(), inbox->encode_meta());
  }
}

Status Committer::Batch::write(std::span<Operation* const> operations, WriteTiming& timing) {
  reset();
  stats_.operations = operations.size();
  if (auto writable = committer_.database_.check_writable(); !writable) return writable;
  stage_all(operations);
  put_counters();
  stats_.reads = contents_.reads() + replays_.reads();
  stats_.bytes = batch_.GetDataSize();
  if (batch_.Count() == 0) return Done{};
  return committer_.database_.write(batch_, &timing);
}

/// An exception that arrives here was thrown before the write, so no change is visible.
Status Committer::Batch::write_or_refuse(std::span<Operation* const> operations, WriteTiming& timing) noexcept {
  try {
    return write(operations, timing);
  } catch (...) {
    return error_of_exception();
  }
}

void Committer::Batch::observe() noexcept {
  if (!committer_.config_.observe) return;
  try {
    committer_.config_.observe(stats_);
  } catch (...) {
    // A count is lost; the commit is not.
  }
}

void Committer::Batch::refuse_part(Operation& operation, const Error& error) noexcept {
  operation.undecided.reset();
  if (operation.kind != Operation::Kind::append || operation.part_begin == 0) return refuse(operation, error);
  for (std::size_t i = operation.part_begin; i < operation.size(); ++i) operation.appended[i] = copy_of(error);
  operation.cut_off = true;
}

void Committer::Batch::commit(std::vector<Operation*>& operations) noexcept {
  const auto started = std::chrono::steady_clock::now();
  WriteTiming timing;
  const Status written = write_or_refuse(operations, timing);
  for (Inbox* inbox : touched_) written ? inbox->publish() : inbox->discard();
  if (!written) {
    for (Operation* operation : operations) refuse_part(*operation, written.error());
  }
  committer_.queue_.finish(operations);
  stats_.log_time = timing.log;
  stats_.total_time = std::chrono::steady_clock::now() - started;
  if (written) observe();
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
  name_thread("committer");
  Batch batch(*this);
  std::vector<Operation*> operations;
  while (true) {
    try {
      if (!queue_.take(operations)) return;
    } catch (const std::bad_alloc&) {
      // The queue still has all its operations.
      std::this_thread::sleep_for(memory_pause);
      continue;
    }
    batch.commit(operations);
  }
}

}  // namespace triggers::store
