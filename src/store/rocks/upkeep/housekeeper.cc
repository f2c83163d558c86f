#include "store/rocks/upkeep/housekeeper.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <memory>

#include "base/invariant.h"
#include "base/process_start.h"
#include "base/sync_wait.h"
#include "base/thread_name.h"
#include "log/log.h"
#include "store/inbox_name.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/read/page_reader.h"

namespace triggers::store {
namespace {

constexpr std::size_t sweep_batch_max = 1000;
constexpr std::size_t heads_per_tick_max = 2000;

/// What a sweep does with the event of an expiry entry.
struct Due {
  std::string expiry_key;
  bool is_pending = false;       ///< The entry is wrong: it alone goes.
  bool is_acknowledged = false;  ///< As is the acknowledgement.
};

/// Looks into the inbox as well: an expiry entry that is wrong must not remove an event that nobody has acknowledged.
/// Nothing can become pending again between this and the removal.
Result<Due> look_at(Database& database, std::string expiry_key) {
  const auto entry = layout::parse_expiry_key(expiry_key);
  INVARIANT(entry, "a sweep has read this key");
  rocksdb::PinnableSlice value;
  const auto pending =
      database.get(Family::pending, layout::pending_key(entry->tenant, default_inbox, entry->id), value);
  if (!pending) return pending.error();
  Due due{.is_pending = *pending};
  if (due.is_pending) {
    database.damage().note("event " + entry->id.text() + " of " + std::string{entry->tenant} +
                           " is in the inbox, but was to be removed as an acknowledged one; it stays");
    const auto acknowledged = database.get(Family::acknowledged, layout::event_key(entry->tenant, entry->id), value);
    if (!acknowledged) return acknowledged.error();
    due.is_acknowledged = *acknowledged;
  }
  due.expiry_key = std::move(expiry_key);
  return due;
}

Task<void> submit(CommitQueue& queue, Operation& operation) { co_await queue.submit(operation); }

/// A flush drops what was put and removed in one memtable, and forgets the numbers of these writes. If a sweep is the
/// last write before a stop, the store would then end before the write that its witness names. This put stays.
Status put_something(Database& database, rocksdb::WriteBatch& batch) {
  rocksdb::PinnableSlice last_id;
  const auto found = database.get(Family::meta, layout::last_id_key, last_id);
  if (!found) return found.error();
  if (*found)
    batch.Put(database.family(Family::meta), rocksdb::Slice(layout::last_id_key.data(), layout::last_id_key.size()),
              last_id);
  return Done{};
}

}  // namespace

Housekeeper::Housekeeper(Database& database, Tenants& tenants, CommitQueue& queue, RetentionTime& time,
                         HousekeeperConfig config)
    : database_(database), tenants_(tenants), queue_(queue), time_(time), config_(config) {}

Housekeeper::~Housekeeper() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Housekeeper::start() {
  INVARIANT(!thread_.joinable(), "the housekeeper was started twice");
  thread_ = std::thread([this] { run(); });
}

Result<std::size_t> Housekeeper::sweep(std::size_t events_max) {
  const UnixMillis now = time_.now();
  // Removed entries leave marks until a compaction. A sweep starts where the last one ended, so that it does not walk
  // over those marks. If the clock was set back, new acknowledgements may have times before that position.
  if (now < swept_at_) swept_to_.clear();
  swept_at_ = now;
  std::vector<Due> expired;
  std::string last;
  std::size_t looked = 0;
  {
    const std::unique_ptr<rocksdb::Iterator> iterator(database_.db().NewIterator({}, database_.family(Family::expiry)));
    for (iterator->Seek(swept_to_); iterator->Valid() && looked < events_max; iterator->Next()) {
      const auto entry = layout::parse_expiry_key({iterator->key().data(), iterator->key().size()});
      if (!entry) return database_.unreadable("an expiry entry");
      if (now - entry->acknowledged_at < config_.event_ttl) break;
      last = iterator->key().ToString();
      ++looked;
      auto due = look_at(database_, last);
      // It is noted as damage. The event stays, and the sweep goes on.
      if (due) expired.push_back(std::move(*due));
    }
    if (!iterator->status().ok()) return database_.unreadable("expiry entries: " + iterator->status().ToString());
  }
  if (expired.empty()) return std::size_t{0};

  Operation operation;
  operation.kind = Operation::Kind::change;
  operation.change = [&](rocksdb::WriteBatch& batch) -> Status {
    for (const Due& due : expired) {
      const auto entry = layout::parse_expiry_key(due.expiry_key);
      const std::string event_key = layout::event_key(entry->tenant, entry->id);
      if (!due.is_pending) batch.SingleDelete(database_.family(Family::events), event_key);
      if (!due.is_pending || due.is_acknowledged) {
        batch.SingleDelete(database_.family(Family::acknowledged), event_key);
      }
      batch.SingleDelete(database_.family(Family::expiry), due.expiry_key);
    }
    return put_something(database_, batch);
  };
  sync_wait(submit(queue_, operation));
  if (operation.error) return *operation.error;
  swept_to_ = std::move(last);
  return expired.size();
}

void Housekeeper::refresh_heads() {
  std::optional<UnixMillis> oldest;
  std::size_t looked = 0;
  for (InboxState* inbox : tenants_.inboxes()) {
    if (inbox->count() == 0) continue;
    if (looked < heads_per_tick_max && inbox->take_head_changed()) {
      ++looked;
      const auto head = find_head(database_, *inbox);
      if (!head || !*head) continue;
    }
    if (inbox->head_changed()) continue;
    const UnixMillis time = inbox->head().time();
    if (!oldest || time < *oldest) oldest = time;
  }
  const MutexLock lock(mutex_);
  oldest_ = oldest;
}

std::optional<UnixMillis> Housekeeper::oldest_unacknowledged() const {
  const MutexLock lock(mutex_);
  return oldest_;
}

/// Logs each reason once, because the sweep is tried again every second. That writes have stopped is logged elsewhere.
void Housekeeper::tell_sweep(const Result<std::size_t>& swept) {
  const bool failed = !swept && swept.error().code == ErrorCode::internal;
  const std::string problem = failed ? swept.error().message : std::string{};
  if (failed && problem != sweep_problem_) log::error("retention_failed", {{"cause", problem}});
  sweep_problem_ = problem;
}

void Housekeeper::tick() {
  database_.tend_compactions(config_.clock->steady());
  refresh_heads();
  const auto deadline = std::chrono::steady_clock::now() + config_.sweep_time_max;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto swept = sweep(sweep_batch_max);
    tell_sweep(swept);
    if (!swept || *swept < sweep_batch_max) return;
  }
}

void Housekeeper::run() {
  name_thread("housekeeper");
  MutexLock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    try {
      tick();
    } catch (...) {
      // Most likely memory has run out. A later tick does the rest.
      log::error("housekeeping_failed", {{"cause", cause_of(std::current_exception())}});
    }
    lock.lock();
    const auto next_tick = std::chrono::steady_clock::now() + config_.tick;
    while (!stopping_ && wake_.wait_until(lock, next_tick) == std::cv_status::no_timeout) {
    }
  }
}

}  // namespace triggers::store
