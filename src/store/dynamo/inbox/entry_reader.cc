#include "store/dynamo/inbox/entry_reader.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/gather.h"
#include "inbox/transitions.h"
#include "store/dynamo/events/fleet_ids.h"
#include "store/dynamo/events/log_items.h"
#include "store/dynamo/inbox/list_walk.h"

namespace triggers::store::dynamo {
namespace {

using inbox::EntryState;

/// Entries that are looked at together; each may have a large content.
constexpr std::size_t together_max = 25;
/// A further try is needed only if somebody else has changed the entry.
constexpr unsigned tries_max = 4;

/// The number of the inbox, then the position.
Continuation place_in(std::uint64_t number, const InboxPosition& position) {
  std::string bytes = continue_after(number, EventId{}).bytes.substr(0, sizeof number);
  return {std::move(bytes) + to_continuation(position).bytes};
}

std::optional<InboxPosition> position_in(std::uint64_t number, const Continuation& continuation) {
  const std::string mine = continue_after(number, EventId{}).bytes.substr(0, sizeof number);
  if (!continuation.bytes.starts_with(mine)) return std::nullopt;
  return from_continuation(Continuation{continuation.bytes.substr(mine.size())});
}

std::size_t content_bytes(const StoredEvent& event) { return event.payload.size() + event.metadata.size(); }

}  // namespace

/// One page that is being filled.
struct EntryReader::Search {
  const EntryQuery& query;
  const EventId settled{};
  const EventId scanned_before{};
  const std::chrono::steady_clock::time_point until{};
  const std::size_t bytes_max = 0, returned_max = 0;
  InboxPosition position{};
  EventId scanned_to{};
  EntryPage page{};
  std::size_t bytes = 0;
  inbox::Counts seen{};

  [[nodiscard]] bool wants(const Known& known) const {
    const bool right_state = query.state ? known.entry.state == *query.state : known.entry.state != EntryState::dead;
    return right_state && (!query.event_type || known.event_type == *query.event_type);
  }
  void count(const Known& known) {
    switch (known.entry.state) {
      case EntryState::available: ++seen.available; break;
      case EntryState::leased: ++seen.leased; break;
      case EntryState::delayed: ++seen.delayed; break;
      case EntryState::dead: ++seen.dead; break;
    }
  }
  /// Adds an entry that is wanted. False: the page is full.
  bool add(Known& known, bool open) {
    const std::size_t more = content_bytes(*known.content);
    const bool full = page.entries.size() == query.limit || (!page.entries.empty() && bytes + more > bytes_max) ||
                      (open && position.returned.size() >= returned_max);
    if (full) return false;
    bytes += more;
    if (open) position.returned.insert(known.id);
    page.entries.push_back({.event = *std::move(known.content),
                            .state = known.entry.state,
                            .attempts = known.entry.attempts,
                            .last_failure = std::move(known.entry.last_failure)});
    return true;
  }
  [[nodiscard]] bool late() const { return std::chrono::steady_clock::now() >= until; }
};

Task<Result<EntryPage>> EntryReader::page(EntryQuery query) {
  const std::uint64_t number = work_.place.number();
  InboxPosition position;
  if (query.after) {
    auto read = position_in(number, *query.after);
    if (!read) co_return foreign_continuation();
    position = *std::move(read);
  }
  auto ended = co_await end_due(work_);
  if (!ended) co_return std::move(ended).error();
  Search search{.query = query,
                .settled = first_id_at(work_.clock.now() - work_.config.settled_after),
                .scanned_before = position.scanned_to,
                .until = std::chrono::steady_clock::now() + work_.config.page_time_max,
                .bytes_max = work_.config.page_bytes_max,
                .returned_max = work_.config.page_returned_max,
                .position = std::move(position)};
  search.scanned_to = search.position.settled;
  search.page.memory = FairBudget::Share(query.memory, work_.place.tenant.id);
  Status collected = Done{};
  if (query.state == EntryState::dead) {
    collected = co_await collect_dead(search);
  } else {
    collected = co_await collect_undelivered(search);
  }
  if (!collected) co_return std::move(collected).error();
  std::size_t kept = 0;
  for (const InboxEntry& entry : search.page.entries) kept += entry.event.bytes();
  search.page.memory.shrink(search.page.memory.bytes() - std::min(kept, search.page.memory.bytes()));
  auto counts = co_await work_.counts.read(work_.place);
  if (!counts) co_return std::move(counts).error();
  search.page.counts = *counts;
  const bool nothing = !query.after && search.page.entries.empty() && !search.page.has_more;
  if (!nothing) search.page.next_after = place_in(number, search.position);
  auto corrected = co_await correct_counts(search);
  if (!corrected) co_return std::move(corrected).error();
  co_return std::move(search.page);
}

/// A page that shows the whole inbox knows the counts.
Task<Status> EntryReader::correct_counts(const Search& search) {
  const EntryQuery& query = search.query;
  if (query.after || query.event_type || search.page.has_more) co_return Done{};
  if (!query.state) co_return co_await work_.counts.correct_undelivered(work_.place, search.seen);
  if (*query.state != EntryState::dead) co_return Done{};
  co_return co_await work_.counts.correct_dead(work_.place, search.seen.dead);
}

Task<Status> EntryReader::collect_undelivered(Search& search) {
  const auto shards = co_await work_.shards.to_read();
  if (!shards) co_return shards.error();
  InboxPosition& position = search.position;
  EntryScan scan(work_.table, work_.place, *shards, position.settled, search.query.limit + 1, search.page.memory);
  bool at_end = false;
  while (!at_end && !search.page.has_more) {
    std::vector<StoredEntry> some;
    while (some.size() < together_max) {
      auto entry = co_await scan.next();
      if (!entry) co_return std::move(entry).error();
      at_end = !entry->has_value();
      if (at_end) break;
      if (position.returned.contains((*entry)->id)) {
        search.page.memory.shrink(EntryScan::bytes_of(**entry));
        if (some.empty()) search.scanned_to = (*entry)->id;
      } else {
        some.push_back(**std::move(entry));
      }
    }
    auto known = co_await look_at(std::move(some));
    if (!known) co_return std::move(known).error();
    auto added = co_await add_contents(search, *known);
    if (!added) co_return added;
    for (Known& one : *known) {
      search.count(one);
      const bool wanted = search.wants(one);
      const bool open = one.id > search.settled;
      search.page.has_more = wanted && !search.add(one, open);
      if (search.page.has_more) break;
      search.scanned_to = one.id;
    }
    // Entries that an earlier page has passed do not count against the time, or no page would get further.
    if (!at_end && search.scanned_to > search.scanned_before && search.late()) search.page.has_more = true;
  }
  // If the scan reached its end, all entries up to `settled` were read.
  const EventId passed = search.page.has_more ? std::min(search.scanned_to, search.settled) : search.settled;
  position.settled = std::max(position.settled, passed);
  position.scanned_to = std::max(search.scanned_before, search.scanned_to);
  std::erase_if(position.returned, [&](const EventId& id) { return id <= position.settled; });
  co_return Done{};
}

/// The entries that are undelivered; the others are taken out of the list.
Task<Result<std::vector<EntryReader::Known>>> EntryReader::look_at(std::vector<StoredEntry> entries) {
  std::vector<EventId> ids;
  ids.reserve(entries.size());
  for (const StoredEntry& entry : entries) ids.push_back(entry.id);
  std::vector<Known> known;
  if (ids.empty()) co_return known;
  auto records = co_await work_.records.stored(ids);
  if (!records) co_return std::move(records).error();
  known.reserve(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    StoredRecord& stored = (*records)[i];
    if (stored.version == 0) stored.record = inbox::Record::fresh();
    auto entry = co_await undelivered(ids[i], std::move(stored));
    if (!entry) co_return std::move(entry).error();
    if (!*entry) continue;
    known.push_back({.id = ids[i],
                     .entry = **std::move(entry),
                     .event_type = std::move(entries[i].event_type),
                     .content = std::move(entries[i].event)});
  }
  co_return known;
}

Task<Result<std::optional<inbox::Entry>>> EntryReader::undelivered(EventId id, StoredRecord seen) {
  std::optional<inbox::Entry> none;
  for (unsigned tries = 0; tries < tries_max; ++tries) {
    if (!seen.record.entry) {
      const auto removed = co_await work_.lists.remove_entry(id, seen.version + 1);
      static_cast<void>(removed);  // The next look tries it again.
      co_return none;
    }
    if (seen.record.entry->state == EntryState::dead) {
      // The node that wrote that it is dead may be about to list it as such.
      auto mended = co_await work_.lists.mend(id, std::move(seen));
      if (!mended) co_return std::move(mended).error();
      co_return none;
    }
    inbox::Record record = seen.record;
    record.entry = inbox::settle(*record.entry, work_.place.inbox.settings.max_attempts, work_.now);
    if (record.entry->state != EntryState::dead) co_return std::move(record.entry);
    // It is dead by now, and nobody has written that.
    auto written = co_await work_.writer.write(id, std::move(seen), std::move(record));
    if (!written) co_return std::move(written).error();
    if (written->outcome == EntryRecords::Written::Outcome::busy) co_return none;
    seen = std::move(written->there);
  }
  co_return Error{ErrorCode::overloaded, "other requests change the same entry all the time"};
}

Task<Status> EntryReader::collect_dead(Search& search) {
  EventId& to = search.position.settled;
  ListWalk walk(work_, ListWalk::List::dead, to);
  while (walk.more() && !search.page.has_more) {
    auto listed = co_await walk.next(together_max);
    if (!listed) co_return std::move(listed).error();
    std::vector<Known> known;
    for (ListWalk::Listed& one : *listed) {
      Known dead;
      dead.id = one.id;
      dead.entry = *std::move(one.seen.record.entry);
      known.push_back(std::move(dead));
    }
    auto added = co_await add_contents(search, known);
    if (!added) co_return added;
    for (Known& one : known) {
      search.count(one);
      search.page.has_more = search.wants(one) && !search.add(one, false);
      if (search.page.has_more) break;
      to = one.id;
    }
    if (!search.page.has_more) to = walk.read_to();
    if (walk.more() && search.late()) search.page.has_more = true;
  }
  search.position.scanned_to = to;
  co_return Done{};
}

/// Reads from the log what is not here already, of entries that may be wanted; the others are left as they are.
Task<Status> EntryReader::add_contents(Search& search, std::vector<Known>& known) {
  std::vector<EventId> ids;
  std::vector<Known*> theirs;
  for (Known& one : known) {
    if (one.content) continue;
    // Of a dead entry, only the log knows the type.
    const bool may_be_wanted = one.event_type.empty() || search.wants(one);
    if (!may_be_wanted) continue;
    ids.push_back(one.id);
    theirs.push_back(&one);
  }
  if (!ids.empty()) {
    LogItems log(work_.table, work_.clock);
    auto contents = co_await log.contents(work_.place.tenant, ids);
    if (!contents) co_return std::move(contents).error();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      auto& event = (*contents)[i];
      if (!event) continue;
      if (!search.page.memory.grow(event->bytes())) co_return no_memory_for_page();
      theirs[i]->event_type = event->event_type;
      theirs[i]->content = std::move(event);
    }
  }
  // Without an event, an entry cannot be shown. The log keeps what an inbox has, so there is none.
  std::erase_if(known, [&](const Known& one) { return !one.content && search.wants(one); });
  co_return Done{};
}

Task<Result<Continuation>> EntryReader::end() {
  const auto shards = co_await work_.shards.to_read();
  if (!shards) co_return shards.error();
  InboxPosition position;
  position.settled = first_id_at(work_.clock.now() - work_.config.settled_after);
  FairBudget::Share memory;
  EntryScan scan(work_.table, work_.place, *shards, position.settled, work_.config.page_returned_max, memory);
  // If there are more, a reader is shown some of them again.
  while (position.returned.size() < work_.config.page_returned_max) {
    auto entry = co_await scan.next();
    if (!entry) co_return std::move(entry).error();
    if (!*entry) break;
    position.returned.insert((*entry)->id);
    position.scanned_to = (*entry)->id;
  }
  co_return place_in(work_.place.number(), position);
}

}  // namespace triggers::store::dynamo
