#include "store/dynamo/inbox/candidates.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/gather.h"
#include "inbox/transitions.h"
#include "log/log.h"
#include "store/dynamo/events/fleet_ids.h"
#include "store/dynamo/events/log_items.h"
#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {
namespace {

using inbox::EntryState;

/// Entries that are read and looked at together.
constexpr std::size_t together_max = 25;
/// Fresh entries that one search may pass. What it has passed, the next one does not read again.
constexpr std::size_t passed_max = 5'000;

}  // namespace

Candidates::Candidates(EntryWork& work, For purpose, std::size_t expected, FairBudget::Share& memory)
    : work_(work),
      purpose_(purpose),
      expected_(expected),
      memory_(memory),
      settled_(first_id_at(work.clock.now() - work.config.settled_after)),
      scan_(work.state->front(), std::chrono::steady_clock::now()),
      walk_(work, ListWalk::List::back) {}

Candidates::~Candidates() {
  EventId to = scan_.after();
  for (const Passed& one : passed_) {
    if (!one.has_record) {
      scan_.left(one.id);
      break;
    }
    to = one.id;
  }
  scan_.passed(to, settled_);
}

Task<Status> Candidates::begin() {
  const auto shards = co_await work_.shards.to_read();
  if (!shards) co_return shards.error();
  entries_.emplace(work_.table, work_.place, *shards, scan_.after(), expected_, memory_);
  // Entries are only read here: what is in both lists is offered as one that came back, so those are looked at first.
  Status back = Done{}, entries = Done{};
  std::vector<Task<void>> reads;
  reads.push_back(answer_into(back, fill_back()));
  reads.push_back(answer_into(entries, entries_->read_ahead()));
  Gather both(std::move(reads), 2);
  co_await both;
  if (!back) co_return back;
  co_return entries;
}

Task<Result<std::optional<Candidate>>> Candidates::next() {
  while (back_.empty() && walk_.more()) {
    auto filled = co_await fill_back();
    if (!filled) co_return std::move(filled).error();
  }
  while (fresh_.empty() && more_fresh_) {
    auto filled = co_await fill_fresh();
    if (!filled) co_return std::move(filled).error();
  }
  // Another node has leased it, and it came back.
  if (!back_.empty() && !fresh_.empty() && back_.front().event.id == fresh_.front().event.id) {
    has_record(fresh_.front().event.id);
    memory_.shrink(fresh_.front().event.bytes());
    fresh_.pop_front();
  }
  std::optional<Candidate> candidate;
  const bool from_back = !back_.empty() && (fresh_.empty() || back_.front().event.id < fresh_.front().event.id);
  auto& queue = from_back ? back_ : fresh_;
  if (queue.empty()) co_return candidate;
  candidate = std::move(queue.front());
  queue.pop_front();
  co_return candidate;
}

void Candidates::only_back() {
  more_fresh_ = false;
  std::erase_if(fresh_, [this](const Candidate& candidate) {
    if (!candidate.fresh()) return false;
    memory_.shrink(candidate.event.bytes());
    return true;
  });
}

void Candidates::has_record(const EventId& id) {
  scan_.not_fresh(id);
  const auto found = std::ranges::lower_bound(passed_, id, {}, &Passed::id);
  if (found != passed_.end() && found->id == id) found->has_record = true;
}

Task<Status> Candidates::fill_back() {
  const auto skips = [this](const EventId& id) { return !reserve(id); };
  auto listed = co_await walk_.next(std::min(expected_ + 1, together_max), skips);
  if (!listed) co_return std::move(listed).error();
  const inbox::MaxAttempts max_attempts = work_.place.inbox.settings.max_attempts;
  std::vector<EventId> available;
  std::vector<StoredRecord> theirs;
  for (ListWalk::Listed& one : *listed) {
    if (inbox::settle(*one.seen.record.entry, max_attempts, work_.now).state == EntryState::available) {
      available.push_back(one.id);
      theirs.push_back(std::move(one.seen));
      continue;
    }
    auto ended = co_await end_by_limit(one.id, std::move(one.seen));
    if (!ended) co_return ended;
  }
  if (available.empty()) co_return Done{};
  LogItems log(work_.table, work_.clock);
  auto contents = co_await log.contents(work_.place.tenant, available);
  if (!contents) co_return std::move(contents).error();
  for (std::size_t i = 0; i < available.size(); ++i) {
    auto& event = (*contents)[i];
    if (!event) {
      log::warning("entry_without_event", {{"event_id", available[i].text()}});
      continue;
    }
    if (!memory_.grow(event->bytes())) co_return no_memory_for_page();
    Candidate candidate;
    candidate.event = *std::move(event);
    candidate.seen = std::move(theirs[i]);
    back_.push_back(std::move(candidate));
  }
  co_return Done{};
}

/// A limit that was lowered makes it dead.
Task<Status> Candidates::end_by_limit(EventId id, StoredRecord seen) {
  inbox::Record record = seen.record;
  record.entry = inbox::settle(*record.entry, work_.place.inbox.settings.max_attempts, work_.now);
  const auto written = co_await work_.writer.write(id, std::move(seen), std::move(record));
  if (!written) co_return written.error();
  co_return Done{};
}

Task<Status> Candidates::fill_fresh() {
  auto entries = co_await read_some();
  if (!entries) co_return std::move(entries).error();
  auto looked = co_await leave_out_held(*entries);
  if (!looked) co_return looked;
  co_return co_await add_fresh(*std::move(entries));
}

/// Some entries that may be fresh, and are reserved for this search.
Task<Result<std::vector<Candidates::Met>>> Candidates::read_some() {
  const std::size_t wanted = std::min(expected_, together_max);
  std::vector<Met> entries;
  while (entries.size() < wanted) {
    auto entry = co_await entries_->next();
    if (!entry) co_return std::move(entry).error();
    if (!*entry || passed_.size() >= passed_max) {
      more_fresh_ = false;
      break;
    }
    const EventId id = (*entry)->id;
    const bool known = scan_.knows(id);
    passed_.push_back({.id = id, .has_record = known});
    if (known || !reserve(id)) {
      memory_.shrink(EntryScan::bytes_of(**entry));
    } else {
      Met& met = entries.emplace_back();
      met.entry = **std::move(entry);
    }
  }
  co_return entries;
}

/// Reads the records of entries that other nodes may have leased, and leaves out those that are not available. Those
/// that are stay: this search has reserved them, so fill_back() passes them.
Task<Status> Candidates::leave_out_held(std::vector<Met>& entries) {
  std::vector<EventId> ids;
  for (const Met& met : entries) {
    if (scan_.looks_first(met.entry.id)) ids.push_back(met.entry.id);
  }
  if (ids.empty()) co_return Done{};
  auto records = co_await work_.records.stored(ids);
  if (!records) co_return std::move(records).error();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    StoredRecord& stored = (*records)[i];
    if (stored.version == 0) continue;
    has_record(ids[i]);
    auto available = co_await is_available(ids[i], stored);
    if (!available) co_return std::move(available).error();
    const auto found = std::ranges::find(entries, ids[i], [](const Met& met) { return met.entry.id; });
    if (*available) {
      found->seen = std::move(stored);
      continue;
    }
    memory_.shrink(EntryScan::bytes_of(found->entry));
    entries.erase(found);
  }
  co_return Done{};
}

/// Of an entry that has a record; what has left is removed from the list.
Task<Result<bool>> Candidates::is_available(const EventId& id, const StoredRecord& seen) {
  if (!seen.record.entry) {
    // A node has died after it had written that the entry is gone.
    auto removed = co_await work_.lists.remove_entry(id, seen.version + 1);
    if (!removed) co_return std::move(removed).error();
    co_return false;
  }
  const inbox::MaxAttempts max_attempts = work_.place.inbox.settings.max_attempts;
  co_return inbox::settle(*seen.record.entry, max_attempts, work_.now).state == EntryState::available;
}

Task<Status> Candidates::add_fresh(std::vector<Met> entries) {
  std::vector<EventId> elsewhere;
  for (const Met& met : entries) {
    if (!met.entry.event) elsewhere.push_back(met.entry.id);
  }
  std::vector<std::optional<StoredEvent>> contents;
  if (!elsewhere.empty()) {
    LogItems log(work_.table, work_.clock);
    auto read = co_await log.contents(work_.place.tenant, elsewhere);
    if (!read) co_return std::move(read).error();
    contents = *std::move(read);
  }
  auto content = contents.begin();
  for (Met& met : entries) {
    StoredEntry& entry = met.entry;
    const std::size_t bytes = EntryScan::bytes_of(entry);
    if (!entry.event) entry.event = std::move(*content++);
    if (!entry.event) {
      log::warning("entry_without_event", {{"event_id", entry.id.text()}});
      memory_.shrink(bytes);
      continue;
    }
    if (!memory_.grow(entry.event->bytes())) co_return no_memory_for_page();
    memory_.shrink(bytes);
    Candidate candidate;
    candidate.event = *std::move(entry.event);
    candidate.seen = std::move(met.seen);
    if (candidate.fresh()) {
      candidate.seen.record = inbox::Record::fresh();
      candidate.seen.plain = entry.plain;
    }
    fresh_.push_back(std::move(candidate));
  }
  co_return Done{};
}

}  // namespace triggers::store::dynamo
