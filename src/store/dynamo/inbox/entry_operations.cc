#include "store/dynamo/inbox/entry_operations.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/invariant.h"
#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/inbox/lease_ids.h"

namespace triggers::store::dynamo {
namespace {

using inbox::EntryState;
using Outcome = EntryRecords::Written::Outcome;
using TimePoint = std::chrono::steady_clock::time_point;

/// Writes of one entry that others overtake, before the call gives up.
constexpr unsigned tries_max = 10;

bool in_state(const StoredRecord& seen, EntryState state) {
  return seen.record.entry && seen.record.entry->state == state;
}

std::size_t count_of(const std::vector<EntryResult>& results, EntryStatus status) {
  return static_cast<std::size_t>(std::ranges::count(results, status, &EntryResult::status));
}

}  // namespace

/// The entries of one call.
struct EntryOperations::Batch {
  struct One {
    EventId id{};
    std::vector<std::size_t> places{};  ///< In the list of the call.
    StoredRecord seen{};
  };
  const Operation& operation;
  const RemindAt& remind_at;
  std::vector<One> entries{};
  Results results{};
  Reminder reminder{};
  std::set<EventId> reminded{};
};

Task<Result<EntryOperations::Results>> EntryOperations::acknowledge(std::optional<LeaseId> lease,
                                                                    std::optional<Ids> ids) {
  INVARIANT(lease || ids, "an acknowledgement without a lease and without events");
  const LeaseId holder = lease.value_or(LeaseId());
  auto entries = co_await named(holder, std::move(ids));
  if (!entries) co_return std::move(entries).error();
  const UnixMillis now = work_.now;
  Operation operation = [lease, now](const inbox::Record& record) { return inbox::acknowledge(record, lease, now); };
  // What is leased or delayed has its reminder, and what is dead is in no list of undelivered entries.
  RemindAt remind_at = [now](const StoredRecord& seen) -> std::optional<UnixMillis> {
    if (in_state(seen, EntryState::available)) return now + DueEntries::late_for;
    return std::nullopt;
  };
  auto results = co_await apply(*std::move(entries), std::move(operation), std::move(remind_at), false);
  if (!results) co_return results;
  const std::size_t acknowledged = count_of(*results, EntryStatus::acknowledged);
  if (acknowledged > 0) work_.state->consumed(work_.clock.now());
  if (lease && acknowledged > 0 && acknowledged == facts_of(*lease).entries && work_.writer.followed()) {
    // The whole lease: nothing is left that its reminder could be for.
    const auto removed = co_await work_.reminders.remove_of(*lease);
    static_cast<void>(removed);  // It will find nothing to do.
  }
  co_return results;
}

Task<Result<EntryOperations::Results>> EntryOperations::release(LeaseId lease, std::optional<Ids> ids,
                                                                std::chrono::seconds delay,
                                                                std::optional<std::string> error) {
  auto entries = co_await named(lease, std::move(ids));
  if (!entries) co_return std::move(entries).error();
  const UnixMillis now = work_.now;
  const inbox::Rules rules = work_.place.rules();
  Operation operation = [=](const inbox::Record& record) {
    return inbox::release(record, lease, delay, error, rules, now);
  };
  // Without a delay, the reminder of the lease is enough.
  RemindAt remind_at = [now, delay](const StoredRecord&) -> std::optional<UnixMillis> {
    if (delay.count() > 0) return now + delay;
    return std::nullopt;
  };
  co_return co_await apply(*std::move(entries), std::move(operation), std::move(remind_at), true);
}

Task<Result<Extended>> EntryOperations::extend(LeaseId lease, std::optional<Ids> ids, std::chrono::seconds duration) {
  auto entries = co_await named(lease, std::move(ids));
  if (!entries) co_return std::move(entries).error();
  const UnixMillis now = work_.now;
  Operation operation = [=](const inbox::Record& record) { return inbox::extend(record, lease, duration, now); };
  RemindAt remind_at = [now, duration](const StoredRecord&) { return std::optional(now + duration); };
  auto results = co_await apply(*std::move(entries), std::move(operation), std::move(remind_at), true);
  if (!results) co_return std::move(results).error();
  Extended extended;
  extended.results = *std::move(results);
  if (count_of(extended.results, EntryStatus::extended) > 0) extended.until = now + duration;
  co_return extended;
}

Task<Result<EntryOperations::Results>> EntryOperations::requeue(Ids ids) {
  const UnixMillis now = work_.now;
  const inbox::Rules rules = work_.place.rules();
  Operation operation = [=](const inbox::Record& record) { return inbox::requeue(record, rules, now); };
  RemindAt remind_at = [now](const StoredRecord&) { return std::optional(now + DueEntries::late_for); };
  Named entries;
  entries.ids = std::move(ids);
  co_return co_await apply(std::move(entries), std::move(operation), std::move(remind_at), false);
}

Task<Result<EntryOperations::Results>> EntryOperations::discard(Ids ids) {
  const UnixMillis now = work_.now;
  const inbox::Rules rules = work_.place.rules();
  Operation operation = [=](const inbox::Record& record) { return inbox::discard(record, rules, now); };
  // If its id stays in the list of dead entries, whoever reads the list removes it.
  RemindAt never = [](const StoredRecord&) { return std::optional<UnixMillis>(); };
  Named entries;
  entries.ids = std::move(ids);
  co_return co_await apply(std::move(entries), std::move(operation), std::move(never), false);
}

Task<Result<EntryOperations::Named>> EntryOperations::named(LeaseId lease, std::optional<Ids> ids) {
  Named named;
  if (ids) {
    named.ids = *std::move(ids);
    co_return named;
  }
  auto leased = co_await work_.reminders.entries_of(lease);
  if (!leased) co_return std::move(leased).error();
  std::ranges::sort(*leased);
  const auto same = std::ranges::unique(*leased);
  leased->erase(same.begin(), same.end());
  auto records = co_await work_.records.stored(*leased);
  if (!records) co_return std::move(records).error();
  named.seen.emplace();
  for (std::size_t i = 0; i < leased->size(); ++i) {
    StoredRecord& record = (*records)[i];
    if (!record.record.entry || !inbox::holds(*record.record.entry, lease, work_.now)) continue;
    named.ids.push_back((*leased)[i]);
    named.seen->push_back(std::move(record));
  }
  co_return named;
}

Task<Result<EntryOperations::Results>> EntryOperations::apply(Named named, Operation operation, RemindAt remind_at,
                                                              bool keep_reminder) {
  Batch batch{.operation = operation, .remind_at = remind_at};
  std::map<EventId, std::vector<std::size_t>> places;
  for (std::size_t i = 0; i < named.ids.size(); ++i) places[named.ids[i]].push_back(i);
  Ids unique;
  for (auto& [id, at] : places) {
    unique.push_back(id);
    batch.entries.push_back({.id = id, .places = std::move(at)});
  }
  batch.results.resize(named.ids.size());
  if (!named.seen) {
    auto records = co_await work_.records.read(std::move(unique));
    if (!records) co_return std::move(records).error();
    named.seen = *std::move(records);
  }
  for (std::size_t i = 0; i < batch.entries.size(); ++i) batch.entries[i].seen = std::move((*named.seen)[i]);
  auto reminded = co_await remind(batch);
  if (!reminded) co_return std::move(reminded).error();
  auto one = [&](std::size_t i) { return apply_to_one(batch, i); };
  auto applied = co_await for_each_until(batch.entries.size(), TimePoint::max(), one);
  if (!applied || !work_.writer.followed()) {
    // A write may still arrive, and the reminder that is there may be due much later.
    Reminder at_once;
    at_once.at = work_.now;
    at_once.id = new_uuid(work_.now);
    for (const Batch::One& entry : batch.entries) at_once.entries.push_back(entry.id);
    const auto reminded_again = co_await work_.reminders.put(std::move(at_once));
    static_cast<void>(reminded_again);
  } else if (!batch.reminder.entries.empty() && !keep_reminder) {
    const auto removed = co_await work_.reminders.remove(std::move(batch.reminder));
    static_cast<void>(removed);  // It will find nothing to do.
  }
  if (!applied) co_return std::move(applied).error();
  co_return std::move(batch.results);
}

/// Stores one reminder for all entries that need one.
Task<Status> EntryOperations::remind(Batch& batch) {
  for (const Batch::One& one : batch.entries) {
    const auto transition = batch.operation(one.seen.record);
    if (!transition.changed) continue;
    const auto at = batch.remind_at(one.seen);
    if (!at) continue;
    batch.reminder.at = *at;
    batch.reminder.entries.push_back(one.id);
    batch.reminded.insert(one.id);
  }
  if (batch.reminder.entries.empty()) co_return Done{};
  batch.reminder.id = new_uuid(work_.now);
  co_return co_await work_.reminders.put(batch.reminder);
}

Task<Status> EntryOperations::apply_to_one(Batch& batch, std::size_t i) {
  Batch::One& one = batch.entries[i];
  for (const std::size_t place : one.places) {
    auto status = co_await apply_once(batch, one.id, one.seen);
    if (!status) co_return std::move(status).error();
    batch.results[place] = {.id = one.id, .status = *status};
  }
  co_return Done{};
}

Task<Result<EntryStatus>> EntryOperations::apply_once(Batch& batch, const EventId& id, StoredRecord& seen) {
  for (unsigned tries = 0; tries < tries_max; ++tries) {
    auto transition = batch.operation(seen.record);
    if (!transition.changed) co_return transition.status;
    const auto remind_at = batch.remind_at(seen);
    if (remind_at && batch.reminded.insert(id).second) {
      Reminder reminder;
      reminder.at = *remind_at;
      reminder.id = new_uuid(work_.now);
      reminder.entries.push_back(id);
      auto reminded = co_await work_.reminders.put(std::move(reminder));
      if (!reminded) co_return std::move(reminded).error();
    }
    auto written = co_await work_.writer.write(id, seen, *std::move(transition.changed));
    if (!written) co_return std::move(written).error();
    const bool busy = written->outcome == Outcome::busy;
    if (!busy) seen = std::move(written->there);
    if (written->outcome == Outcome::done) co_return transition.status;
    if (!busy && seen.version != 0) continue;
    const bool waited = co_await work_.table.pause(tries, Table::within_default);
    if (!waited) break;
    std::vector<EventId> ids(1, id);
    auto again = co_await work_.records.read(std::move(ids));
    if (!again) co_return std::move(again).error();
    seen = std::move(again->front());
  }
  co_return Error{ErrorCode::overloaded, "other requests change the same entry all the time"};
}

}  // namespace triggers::store::dynamo
