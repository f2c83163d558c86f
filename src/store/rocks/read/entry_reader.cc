#include "store/rocks/read/entry_reader.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "inbox/record_codec.h"
#include "store/rocks/format/slice_view.h"
#include "store/rocks/read/event_reader.h"

namespace triggers::store {
namespace {

using Clock = std::chrono::steady_clock;

/// Events are read in pieces, because they may be large.
constexpr std::size_t events_at_once = 16;

/// The entries as they are recorded, in the order of `ids`; nothing for one without a record.
Result<std::vector<std::optional<inbox::Entry>>> read_entries(Database& database, const InboxState& inbox,
                                                              const rocksdb::ReadOptions& options,
                                                              const std::vector<EventId>& ids) {
  std::vector<std::optional<inbox::Entry>> entries(ids.size());
  if (!database.has(Family::entries)) return entries;
  std::vector<std::string> keys;
  keys.reserve(ids.size());
  for (const EventId& id : ids) keys.push_back(inbox.prefix() + std::string(id.view()));
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(ids.size());
  std::vector<rocksdb::Status> statuses(ids.size());
  database.db().MultiGet(options, database.family(Family::entries), slices.size(), slices.data(), values.data(),
                         statuses.data(), /*sorted_input=*/std::ranges::is_sorted(ids));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    auto record = statuses[i].ok() ? inbox::decode_record(view(values[i])) : Error{};
    if (!record || !record->entry) {
      return database.unreadable("the record of an entry of " + inbox.tenant() + ", event " + ids[i].text() + ": " +
                                 statuses[i].ToString());
    }
    entries[i] = std::move(record->entry);
  }
  return entries;
}

Status add(EntryPage& page, StoredEvent event, inbox::Entry entry) {
  if (!page.memory.grow(event.bytes())) return no_memory_for_page();
  page.entries.push_back({std::move(event), entry.state, entry.attempts, std::move(entry.last_failure)});
  return Done{};
}

std::vector<EventId> ids_of(const std::vector<StoredEvent>& events) {
  std::vector<EventId> ids;
  ids.reserve(events.size());
  for (const StoredEvent& event : events) ids.push_back(event.id);
  return ids;
}

}  // namespace

Status add_pending(Database& database, InboxState& inbox, const EntryPageQuery& query, const PageLimits& limits,
                   EntryPage& page) {
  PageQuery pending{.limit = query.query.limit - page.entries.size(), .event_type = query.query.event_type};
  if (query.after) pending.after = continue_after(*query.after);
  std::vector<std::optional<inbox::Entry>> entries;
  const auto read = read_page(database, inbox, pending, limits, [&](const auto& options, const Page& found) -> Status {
    auto recorded = read_entries(database, inbox, options, ids_of(found.events));
    if (!recorded) return recorded.error();
    entries = *std::move(recorded);
    return Done{};
  });
  if (!read) return read.error();
  for (std::size_t i = 0; i < read->events.size(); ++i) {
    auto entry = inbox::settle(entries[i].value_or(inbox::Entry{}), query.max_attempts, query.now);
    // Its attempts are used up, which is not recorded yet; or it was leased since the index was asked.
    if (entry.state == EntryState::dead || (query.query.state && entry.state != *query.query.state)) continue;
    if (auto added = add(page, read->events[i], std::move(entry)); !added) return added;
  }
  page.has_more = read->has_more;
  if (read->next_after) page.next_after = read->next_after;
  return Done{};
}

Status add_indexed(Database& database, const InboxState& inbox, const EntryPageQuery& query, const PageLimits& limits,
                   const std::vector<EventId>& ids, bool more, EntryPage& page) {
  const auto entries = read_entries(database, inbox, {}, ids);
  if (!entries) return entries.error();
  const auto deadline = Clock::now() + limits.filter_time_max;
  std::size_t bytes = 0;
  for (std::size_t begin = 0; begin < ids.size(); begin += events_at_once) {
    const std::size_t end = std::min(begin + events_at_once, ids.size());
    const auto from = [&](std::size_t i) { return ids.begin() + static_cast<std::ptrdiff_t>(i); };
    auto events = read_events(database, inbox.tenant(), {from(begin), from(end)});
    for (std::size_t i = begin; i < end; ++i) {
      page.has_more = page.entries.size() == query.query.limit || (bytes > 0 && bytes >= limits.bytes_max);
      if (page.has_more) return Done{};
      page.next_after = continue_after(ids[i]);
      auto& event = events[i - begin];
      if (!event || !(*entries)[i]) continue;  // It has left meanwhile.
      auto entry = inbox::settle(*(*entries)[i], query.max_attempts, query.now);
      if (entry.state != *query.query.state) continue;
      if (query.query.event_type && event->event_type != *query.query.event_type) continue;
      bytes += event->bytes();
      if (auto added = add(page, *std::move(event), std::move(entry)); !added) return added;
    }
    page.has_more = end < ids.size() && query.query.event_type && Clock::now() >= deadline;
    if (page.has_more) return Done{};
  }
  page.has_more = more;
  return Done{};
}

}  // namespace triggers::store
