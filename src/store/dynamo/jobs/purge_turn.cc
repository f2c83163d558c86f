#include "store/dynamo/jobs/purge_turn.h"

#include <algorithm>
#include <boost/json.hpp>

#include "inbox/transitions.h"
#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {

using Outcome = EntryRecords::Written::Outcome;

Task<Result<JobStep>> PurgeTurn::take() {
  JobStep step;
  step.next = job_.place;
  const auto shards = co_await work_.shards.to_read();
  if (!shards) co_return shards.error();
  step.at_end = step.next.part >= *shards;
  if (step.at_end) co_return step;
  Table::Range range;
  range.partition = layout::entry_partition(work_.place.tenant, work_.place.number(), step.next.part);
  range.after = bytes_value(std::max(job_.before, step.next.after).view());
  range.up_to = bytes_value(job_.last.view());
  range.limit = entries_a_turn;
  auto items = co_await work_.table.query(std::move(range));
  if (!items) co_return to_error(items.error());
  std::vector<StoredEntry> entries;
  std::vector<EventId> ids;
  EventId passed;
  for (const Item& item : items->items) {
    auto entry = read_entry(item);
    if (!entry) co_return std::move(entry).error();
    passed = entry->id;
    if (entry->fence) continue;
    entry->event.reset();
    ids.push_back(entry->id);
    entries.push_back(*std::move(entry));
  }
  auto records = co_await work_.records.stored(ids);
  if (!records) co_return std::move(records).error();
  auto purge_it = [&](std::size_t i) { return purge(std::move(entries[i]), std::move((*records)[i]), step); };
  auto purged = co_await for_each_until(ids.size(), std::chrono::steady_clock::time_point::max(), purge_it);
  if (!purged) co_return std::move(purged).error();
  // What has changed is looked at once more, to see that it has gone from the list.
  if (changed_ || step.held_up) co_return step;
  if (items->more && !items->items.empty()) {
    step.next.after = passed;
  } else {
    step.next = {.part = step.next.part + 1, .after = {}};
  }
  co_return step;
}

Task<Status> PurgeTurn::purge(StoredEntry entry, StoredRecord seen, JobStep& step) {
  const EventId id = entry.id;
  if (seen.version == 0) {
    seen.record = inbox::Record::fresh();
    seen.plain = entry.plain;
  }
  for (unsigned tries = 0; tries < job_tries_max; ++tries) {
    auto left = inbox::purge(seen.record, work_.place.rules(), work_.now);
    if (!left) {
      const bool waits = seen.record.entry && seen.record.entry->state != inbox::EntryState::dead;
      if (waits) co_return Done{};
      // A change that was not finished: dead entries and those that have left are not in this list.
      co_return co_await work_.lists.mend(id, std::move(seen));
    }
    auto written = co_await work_.writer.write(id, seen, *std::move(left));
    if (!written) co_return std::move(written).error();
    changed_ = true;
    if (written->outcome == Outcome::done) {
      ++step.done;
      co_return Done{};
    }
    if (written->outcome == Outcome::busy) break;
    seen = std::move(written->there);
    // The record was removed meanwhile, with the entry.
    if (seen.version == 0) break;
  }
  step.held_up = true;
  co_return Done{};
}

}  // namespace triggers::store::dynamo
