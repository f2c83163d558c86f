#include "store/dynamo/inbox/entry_upkeep.h"

#include <boost/json.hpp>

#include "inbox/transitions.h"
#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/inbox/entry_scan.h"
#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {
namespace {

using inbox::EntryState;
using Outcome = EntryRecords::Written::Outcome;
using TimePoint = std::chrono::steady_clock::time_point;

/// What one step of a visit looks at.
constexpr std::size_t together_max = 100;

}  // namespace

Task<Result<bool>> EntryUpkeep::visit() {
  bool more = false;
  auto due = co_await work_.due.end(work_.now, work_.config.due);
  if (!due) co_return due;
  more = *due;
  auto step = co_await end_by_limit();
  if (!step) co_return step;
  more = more || *step;
  step = co_await expire_undelivered();
  if (!step) co_return step;
  more = more || *step;
  step = co_await expire_dead();
  if (!step) co_return step;
  co_return more || *step;
}

Task<Result<bool>> EntryUpkeep::end_by_limit() {
  const inbox::MaxAttempts max_attempts = work_.place.inbox.settings.max_attempts;
  const TimePoint until = TimePoint::clock::now() + work_.config.due.time_max;
  EventId after;
  for (bool more = max_attempts.has_value(); more;) {
    if (TimePoint::clock::now() >= until) co_return false;
    Table::Range range;
    range.partition = layout::back_partition(work_.place.tenant, work_.place.number());
    range.after = bytes_value(after.view());
    range.limit = together_max;
    auto items = co_await work_.table.query(std::move(range));
    if (!items) co_return to_error(items.error());
    more = items->more;
    std::vector<EventId> ids;
    for (const Item& item : items->items) {
      ids.push_back(EventId::from_bytes(bytes_of(item, "i").value_or(std::string(after.bytes.size(), '\0'))));
    }
    if (ids.empty()) co_return false;
    after = ids.back();
    auto records = co_await work_.records.stored(ids);
    if (!records) co_return std::move(records).error();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      StoredRecord& seen = (*records)[i];
      if (!seen.record.entry || seen.record.entry->state != EntryState::available) continue;
      inbox::Record record = seen.record;
      record.entry = inbox::settle(*record.entry, max_attempts, work_.now);
      if (record.entry->state != EntryState::dead) continue;
      const auto written = co_await work_.writer.write(ids[i], std::move(seen), std::move(record));
      if (!written) co_return written.error();
    }
  }
  co_return false;
}

Task<Result<bool>> EntryUpkeep::expire_undelivered() {
  const auto retention = work_.place.rules().retention;
  if (!retention) co_return false;
  const auto shards = co_await work_.shards.to_read();
  if (!shards) co_return shards.error();
  const UnixMillis last = work_.clock.now() - *retention;
  FairBudget::Share memory;
  EntryScan scan(work_.table, work_.place, *shards, EventId{}, together_max, memory);
  std::vector<EventId> old;
  while (old.size() < together_max) {
    auto entry = co_await scan.next();
    if (!entry) co_return std::move(entry).error();
    if (!*entry || (*entry)->id.time() > last) break;
    old.push_back((*entry)->id);
  }
  const bool full = old.size() == together_max;
  auto expired = co_await expire(std::move(old));
  if (!expired) co_return std::move(expired).error();
  co_return full && *expired > 0;
}

Task<Result<bool>> EntryUpkeep::expire_dead() {
  const TimePoint until = TimePoint::clock::now() + work_.config.due.time_max;
  EventId after;
  for (bool more = true; more;) {
    if (TimePoint::clock::now() >= until) co_return false;
    Table::Range range;
    range.partition = layout::dead_partition(work_.place.tenant, work_.place.number());
    range.after = bytes_value(after.view());
    range.limit = together_max;
    auto items = co_await work_.table.query(std::move(range));
    if (!items) co_return to_error(items.error());
    more = items->more;
    std::vector<EventId> ids;
    for (const Item& item : items->items) {
      ids.push_back(EventId::from_bytes(bytes_of(item, "i").value_or(std::string(after.bytes.size(), '\0'))));
    }
    if (ids.empty()) co_return false;
    after = ids.back();
    auto expired = co_await expire(std::move(ids));
    if (!expired) co_return std::move(expired).error();
  }
  co_return false;
}

Task<Result<std::size_t>> EntryUpkeep::expire(std::vector<EventId> ids) {
  auto records = co_await work_.records.read(ids);
  if (!records) co_return std::move(records).error();
  std::size_t expired = 0;
  auto one = [&](std::size_t i) -> Task<Status> {
    StoredRecord& seen = (*records)[i];
    const auto left = inbox::expire(seen.record, ids[i].time(), work_.place.rules(), work_.now, work_.clock.now());
    const bool is_undelivered = seen.record.entry && seen.record.entry->state != EntryState::dead;
    if (!left && !is_undelivered && seen.version != 0) {
      // A node has died before it had removed what has left.
      ++expired;
      co_return co_await work_.lists.mend(ids[i], std::move(seen));
    }
    if (!left) co_return Done{};
    const auto written = co_await work_.writer.write(ids[i], std::move(seen), *left);
    if (!written) co_return written.error();
    if (written->outcome == Outcome::done) ++expired;
    co_return Done{};
  };
  auto done = co_await for_each_until(ids.size(), TimePoint::max(), one);
  if (!done) co_return std::move(done).error();
  co_return expired;
}

}  // namespace triggers::store::dynamo
