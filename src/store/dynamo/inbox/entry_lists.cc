#include "store/dynamo/inbox/entry_lists.h"

#include <boost/json.hpp>

#include "store/dynamo/events/entry_items.h"
#include "store/dynamo/events/log_items.h"
#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {
namespace {

using inbox::EntryState;

/// Where the id of an entry belongs.
struct Places {
  bool entries = false, back = false, dead = false;
};

Places places_of(const StoredRecord& stored) {
  if (!stored.record.entry) return {};
  switch (stored.record.entry->state) {
    // An entry without a stored record was never leased, so it did not come back.
    case EntryState::available: return {.entries = true, .back = stored.version != 0};
    case EntryState::leased:
    case EntryState::delayed: return {.entries = true};
    case EntryState::dead: return {.dead = true};
  }
  return {};
}

/// The first failure of several steps.
Status both(Status first, Status second) { return first ? std::move(second) : std::move(first); }

Status status_of(const CallResult& answer) {
  // The list follows from a later record already.
  if (answer || answer.error().kind == CallError::Kind::condition_failed) return Done{};
  return to_error(answer.error());
}

}  // namespace

Task<Status> EntryLists::put(Item item, std::int64_t version) {
  item["n"] = number_value(version);
  Condition older;
  older.expression = "attribute_not_exists(n) OR n < :n";
  older.values[":n"] = number_value(version);
  co_return status_of(co_await table_.put(std::move(item), std::move(older), Repeat::safe));
}

Task<Status> EntryLists::remove(Item key, std::int64_t version) {
  Condition older;
  older.expression = "attribute_not_exists(z) AND (attribute_not_exists(n) OR n < :n)";
  older.values[":n"] = number_value(version);
  co_return status_of(co_await table_.remove(std::move(key), std::move(older), Repeat::safe));
}

Task<Status> EntryLists::put_entry(EventId id, std::int64_t version) {
  LogItems log(table_, clock_);
  std::vector<EventId> ids(1, id);
  auto contents = co_await log.contents(place_.tenant, std::move(ids));
  if (!contents) co_return std::move(contents).error();
  const auto& event = contents->front();
  if (!event) co_return Done{};
  IncomingEvent incoming;
  incoming.event_type = event->event_type;
  incoming.payload = event->payload;
  if (event->source) incoming.source = *event->source;
  incoming.metadata = event->metadata;
  Item item = entry_item(place_.tenant, place_.number(), id, incoming, true);
  co_return co_await put(std::move(item), version);
}

Task<Status> EntryLists::remove_entry(EventId id, std::int64_t version) {
  co_return co_await remove(layout::entry_key(place_.tenant, place_.number(), id), version);
}

Task<Status> EntryLists::remove_back(EventId id, std::int64_t version) {
  co_return co_await remove(layout::back_key(place_.tenant, place_.number(), id), version);
}

Task<Status> EntryLists::remove_dead(EventId id, std::int64_t version) {
  co_return co_await remove(layout::dead_key(place_.tenant, place_.number(), id), version);
}

Task<Status> EntryLists::follow(EventId id, StoredRecord before, StoredRecord now) {
  const Places from = places_of(before);
  const Places to = places_of(now);
  Status done = Done{};
  // What an entry is to be found by comes first.
  if (to.dead && !from.dead) {
    done = co_await put(layout::dead_key(place_.tenant, place_.number(), id), now.version);
  }
  if (to.entries && !from.entries) done = both(std::move(done), co_await put_entry(id, now.version));
  if (to.back) {
    auto put_back = co_await put(layout::back_key(place_.tenant, place_.number(), id), now.version);
    done = both(std::move(done), std::move(put_back));
  }
  if (!done) co_return done;
  if (from.entries && !to.entries) done = co_await remove_entry(id, now.version);
  if (from.back && !to.back) done = both(std::move(done), co_await remove_back(id, now.version));
  if (from.dead && !to.dead) done = both(std::move(done), co_await remove_dead(id, now.version));
  co_return done;
}

Task<Status> EntryLists::mend(EventId id, StoredRecord now) {
  const Places to = places_of(now);
  std::vector<Item> keys;
  keys.push_back(layout::entry_key(place_.tenant, place_.number(), id));
  if (to.back) keys.push_back(layout::back_key(place_.tenant, place_.number(), id));
  if (to.dead) keys.push_back(layout::dead_key(place_.tenant, place_.number(), id));
  auto items = co_await table_.batch_get(std::move(keys));
  if (!items) co_return to_error(items.error());
  const bool among_entries = !items->front().empty() && !items->front().contains("z");
  const bool in_other = items->size() > 1 && !items->back().empty();
  Status done = Done{};
  if (to.dead && !in_other) done = co_await put(layout::dead_key(place_.tenant, place_.number(), id), now.version);
  if (to.entries && !among_entries) done = both(std::move(done), co_await put_entry(id, now.version));
  if (to.back && !in_other) {
    auto put_back = co_await put(layout::back_key(place_.tenant, place_.number(), id), now.version);
    done = both(std::move(done), std::move(put_back));
  }
  if (!done || to.entries || !among_entries) co_return done;
  // Of this record's version, too: what is removed was there when the record was read, or before.
  co_return co_await remove_entry(id, now.version + 1);
}

}  // namespace triggers::store::dynamo
