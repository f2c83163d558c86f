#include "store/dynamo/inbox/entry_upkeep.h"

#include "inbox/transitions.h"
#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/inbox/entry_reader.h"
#include "store/dynamo/inbox/entry_scan.h"
#include "store/dynamo/inbox/held_count.h"
#include "store/dynamo/inbox/list_walk.h"

namespace triggers::store::dynamo {
namespace {

using inbox::EntryState;
using Outcome = EntryRecords::Written::Outcome;
using TimePoint = std::chrono::steady_clock::time_point;

/// What one step of a visit looks at.
constexpr std::size_t together_max = 100;
/// Inboxes with so many entries are counted as a whole.
constexpr std::size_t recounted_max = 200;

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
  auto recounted = co_await recount();
  if (!recounted) co_return std::move(recounted).error();
  co_return more || *step;
}

Task<Status> EntryUpkeep::recount() {
  const auto counts = co_await work_.counts.read(work_.place);
  if (!counts) co_return counts.error();
  if (counts->undelivered() <= recounted_max) {
    // A page of the whole inbox corrects what it shows.
    EntryReader reader(work_);
    EntryQuery query;
    query.limit = recounted_max;
    const auto page = co_await reader.page(std::move(query));
    if (!page) co_return page.error();
    co_return Done{};
  }
  co_return co_await recount_held(work_);
}

Task<Result<bool>> EntryUpkeep::end_by_limit() {
  const inbox::MaxAttempts max_attempts = work_.place.inbox.settings.max_attempts;
  if (!max_attempts) co_return false;
  const TimePoint until = TimePoint::clock::now() + work_.config.due.time_max;
  ListWalk walk(work_, ListWalk::List::back, work_.state->walked_to(InboxState::Walk::back));
  while (walk.more() && TimePoint::clock::now() < until) {
    auto listed = co_await walk.next(together_max);
    if (!listed) co_return std::move(listed).error();
    for (ListWalk::Listed& one : *listed) {
      inbox::Record record = one.seen.record;
      record.entry = inbox::settle(*record.entry, max_attempts, work_.now);
      if (record.entry->state != EntryState::dead) continue;
      const auto written = co_await work_.writer.write(one.id, std::move(one.seen), std::move(record));
      if (!written) co_return written.error();
    }
  }
  work_.state->set_walked_to(InboxState::Walk::back, walk.more() ? walk.read_to() : EventId{});
  co_return walk.more();
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
  auto expired = co_await expire(List::entries, std::move(old));
  if (!expired) co_return std::move(expired).error();
  co_return full && *expired > 0;
}

Task<Result<bool>> EntryUpkeep::expire_dead() {
  const TimePoint until = TimePoint::clock::now() + work_.config.due.time_max;
  const EventId begin = work_.state->walked_to(InboxState::Walk::dead);
  ListWalk walk(work_, ListWalk::List::dead, begin);
  std::size_t dead = 0;
  while (walk.more() && TimePoint::clock::now() < until) {
    auto listed = co_await walk.next(together_max);
    if (!listed) co_return std::move(listed).error();
    std::vector<EventId> ids;
    for (const ListWalk::Listed& one : *listed) ids.push_back(one.id);
    if (ids.empty()) continue;
    dead += ids.size();
    auto expired = co_await expire(List::dead, std::move(ids));
    if (!expired) co_return std::move(expired).error();
    dead -= *expired;
  }
  if (begin == EventId{} && !walk.more()) {
    auto corrected = co_await work_.counts.correct_dead(work_.place, dead);
    if (!corrected) co_return std::move(corrected).error();
  }
  work_.state->set_walked_to(InboxState::Walk::dead, walk.more() ? walk.read_to() : EventId{});
  co_return walk.more();
}

Task<Result<std::size_t>> EntryUpkeep::expire(List list, std::vector<EventId> ids) {
  auto records = co_await work_.records.read(ids);
  if (!records) co_return std::move(records).error();
  std::size_t expired = 0;
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
  auto one = [&](std::size_t i) -> Task<Status> {
    StoredRecord& seen = (*records)[i];
    const auto left = inbox::expire(seen.record, ids[i].time(), work_.place.rules(), work_.now, work_.clock.now());
    const bool is_undelivered = seen.record.entry && seen.record.entry->state != EntryState::dead;
    if (!left && list == List::entries && !is_undelivered && seen.version != 0) {
      // A node has died before it had removed what has left.
      ++expired;
      co_return co_await work_.lists.mend(ids[i], std::move(seen));
    }
    if (!left) co_return Done{};
    const auto written = co_await work_.writer.write(ids[i], std::move(seen), *left);
    if (!written) co_return written.error();
    if (written->outcome == Outcome::done) ++expired;
    if (written->outcome == Outcome::done && list == List::entries) work_.counts.tell({.expired = 1});
    co_return Done{};
  };
  auto done = co_await for_each_until(ids.size(), TimePoint::max(), one);
  if (!done) co_return std::move(done).error();
  co_return expired;
}

}  // namespace triggers::store::dynamo
