#include "store/rocks/upkeep/housekeeper.h"

#include <rocksdb/db.h>

#include <memory>
#include <utility>

#include "base/invariant.h"
#include "base/process_start.h"
#include "base/sync_wait.h"
#include "base/thread_name.h"
#include "log/log.h"
#include "store/inbox_name.h"
#include "store/rocks/format/event_record.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"
#include "store/rocks/inbox/holders.h"

namespace triggers::store {
namespace {

constexpr std::size_t sweep_batch_max = 1000;
constexpr std::chrono::seconds traces_margin{60};

/// Looks into the inbox as well: an expiry entry that is wrong must not remove an event that nobody has acknowledged.
/// An event comes back into an inbox only together with its holders. Then the committer decides by these.
Result<DueEvent> look_at(Database& database, std::string expiry_key) {
  const auto entry = layout::parse_expiry_key(expiry_key);
  INVARIANT(entry, "a sweep has read this key");
  const std::string in_default = layout::pending_key(entry->tenant, default_inbox, entry->id);
  DueEvent due{.expiry_key = std::move(expiry_key)};
  rocksdb::PinnableSlice value;
  for (const Family family : {Family::pending, Family::entries}) {
    if (!database.has(family)) continue;
    const auto found = database.get(family, in_default, value);
    if (!found) return found.error();
    due.in_default = due.in_default || *found;
  }
  if (!due.in_default) return due;
  const auto holding = read_holding(database, layout::event_key(entry->tenant, entry->id));
  if (!holding) return holding.error();
  due.in_default = !*holding || (*holding)->count == 0;
  if (!due.in_default) return due;
  database.damage().note("event " + entry->id.text() + " of " + std::string{entry->tenant} +
                         " is in the inbox, but was to be removed as an acknowledged one; it stays");
  const auto acknowledged = database.get(Family::acknowledged, layout::event_key(entry->tenant, entry->id), value);
  if (!acknowledged) return acknowledged.error();
  due.acknowledged = *acknowledged;
  return due;
}

/// With the bytes that its tenant gets back.
Result<DueEvent> measured(Database& database, DueEvent due) {
  const auto entry = layout::parse_expiry_key(due.expiry_key);
  INVARIANT(entry, "a sweep has read this key");
  rocksdb::PinnableSlice value;
  const auto found = database.get(Family::events, layout::event_key(entry->tenant, entry->id), value);
  if (!found) return found.error();
  if (*found) due.bytes = stored_bytes_of_record(view(value));
  return due;
}

Task<void> submit(CommitQueue& queue, Operation& operation) { co_await queue.submit(operation); }

}  // namespace

Housekeeper::Housekeeper(Database& database, Tenants& tenants, CommitQueue& queue, RetentionTime& time,
                         const Clock& lease_time, HousekeeperConfig config)
    : database_(database),
      tenants_(tenants),
      queue_(queue),
      time_(time),
      lease_time_(lease_time),
      config_(std::move(config)),
      departures_(database, tenants, queue, time),
      census_(database, tenants) {}

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

Result<Housekeeper::Swept> Housekeeper::sweep(std::size_t entries_max) {
  const UnixMillis now = time_.now();
  // Removed entries leave marks until a compaction. A sweep starts where the last one ended, so that it does not walk
  // over those marks. If the clock was set back, new expiry entries may have times before that position.
  if (now < swept_at_) swept_to_.clear();
  swept_at_ = now;
  SweepOperation sweep;
  std::string last;
  std::size_t looked = 0;
  {
    const std::unique_ptr<rocksdb::Iterator> iterator(database_.db().NewIterator({}, database_.family(Family::expiry)));
    for (iterator->Seek(swept_to_); iterator->Valid() && looked < entries_max; iterator->Next()) {
      const auto entry = layout::parse_expiry_key({iterator->key().data(), iterator->key().size()});
      if (!entry) return database_.unreadable("an expiry entry");
      if (now - entry->freed_at < config_.event_ttl) break;
      last = iterator->key().ToString();
      ++looked;
      auto due = look_at(database_, last);
      if (due && config_.counts_bytes) due = measured(database_, *std::move(due));
      // It is noted as damage. The event stays, and the sweep goes on.
      if (due) sweep.events.push_back(*std::move(due));
    }
    if (!iterator->status().ok()) return database_.unreadable("expiry entries: " + iterator->status().ToString());
  }
  if (!sweep.events.empty()) {
    Operation operation;
    operation.kind = Operation::Kind::sweep;
    operation.sweep = &sweep;
    operation.other_elements = sweep.events.size();
    operation.bytes = sweep.events.size() * event_overhead_bytes;
    sync_wait(submit(queue_, operation));
    if (operation.error) return *operation.error;
    if (sweep.removed > 0) database_.note_removed_events();
  }
  if (looked > 0) swept_to_ = std::move(last);
  return Swept{.looked_at = looked, .removed = sweep.removed};
}

Status Housekeeper::settle() {
  if (auto ended = end_due(); !ended) return ended;
  const auto departed = departures_.run(std::chrono::steady_clock::time_point::max());
  if (!departed) return departed.error();
  census_.run(std::chrono::steady_clock::now());
  return Done{};
}

Status Housekeeper::end_due() {
  const auto inboxes = tenants_.inboxes();
  for (const InboxState* inbox : inboxes.defaults) {
    if (auto ended = end_due(*inbox, InboxName()); !ended) return ended;
  }
  for (const auto& roster : inboxes.rosters) {
    for (const RosterEntry& entry : roster->entries()) {
      if (entry.name.is_default()) continue;
      if (auto ended = end_due(*entry.state, entry.name); !ended) return ended;
    }
  }
  return Done{};
}

Status Housekeeper::end_due(const InboxState& inbox, const InboxName& name) {
  if (!inbox.was_leased_from()) return Done{};
  const auto view = inbox.view();
  const bool ends = view.next_due && *view.next_due <= lease_time_.now();
  const bool expires = view.next_expiry && *view.next_expiry <= time_.now();
  if (!ends && !expires) return Done{};
  const Tenant tenant{inbox.tenant()};
  EntryOperation entry;
  entry.kind = EntryOperation::Kind::advance;
  entry.inbox = name;
  Operation operation;
  operation.kind = Operation::Kind::entries;
  operation.tenant = &tenant;
  operation.entry = &entry;
  operation.bytes = event_overhead_bytes;
  do {
    entry.left = false;
    sync_wait(submit(queue_, operation));
  } while (entry.left && !operation.error);
  // An inbox may have been removed meanwhile.
  if (operation.error && operation.error->code != ErrorCode::not_found) return *operation.error;
  return Done{};
}

/// Logs each reason once, because both are tried again every second. That writes have stopped is logged elsewhere.
void Housekeeper::tell(const Error* error, std::string& told) {
  const bool failed = error != nullptr && error->code == ErrorCode::internal;
  const std::string problem = failed ? error->message : std::string{};
  if (failed && problem != told) log::error("retention_failed", {{"cause", problem}});
  told = problem;
}

void Housekeeper::tick() {
  // A clock that is set back a little brings traces back into their time.
  if (config_.traces_begin) *config_.traces_begin = time_.now() - config_.event_ttl - traces_margin;
  census_.run(std::chrono::steady_clock::now());
  const auto ended = end_due();
  tell(ended ? nullptr : &ended.error(), ends_problem_);
  const auto departed = departures_.run(std::chrono::steady_clock::now() + config_.departures_time_max);
  tell(departed ? nullptr : &departed.error(), departures_problem_);
  const auto deadline = std::chrono::steady_clock::now() + config_.sweep_time_max;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto swept = sweep(sweep_batch_max);
    tell(swept ? nullptr : &swept.error(), sweep_problem_);
    if (!swept || swept->looked_at < sweep_batch_max) return;
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
