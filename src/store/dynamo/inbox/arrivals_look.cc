#include "store/dynamo/inbox/arrivals_look.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/events/fleet_ids.h"
#include "store/dynamo/inbox/entry_scan.h"
#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t entries_expected = 20;
constexpr std::size_t back_max = 100;
/// If nobody has waited for longer than this, nothing is told of what came meanwhile.
constexpr std::chrono::minutes looks_back_max{1};

Task<Result<std::set<EventId>>> entries_behind(EntryWork& work, EventId after) {
  std::set<EventId> entries;
  const auto shards = co_await work.shards.to_read();
  if (!shards) co_return shards.error();
  FairBudget::Share memory;
  EntryScan scan(work.table, work.place, *shards, after, entries_expected, memory);
  while (entries.size() < ArrivalsTail::seen_max) {
    auto entry = co_await scan.next();
    if (!entry) co_return std::move(entry).error();
    if (!*entry) break;
    entries.insert((*entry)->id);
  }
  co_return entries;
}

Task<Result<std::set<std::pair<EventId, std::int64_t>>>> what_came_back(EntryWork& work) {
  Table::Range range;
  range.partition = layout::back_partition(work.place.tenant, work.place.number());
  range.limit = back_max;
  auto items = co_await work.table.query(std::move(range));
  if (!items) co_return to_error(items.error());
  std::set<std::pair<EventId, std::int64_t>> back;
  for (const Item& item : items->items) {
    const auto id = bytes_of(item, "i");
    if (!id || id->size() != EventId{}.bytes.size()) {
      co_return Error{ErrorCode::internal, "an entry that came back has no id"};
    }
    back.emplace(EventId::from_bytes(*id), number_of(item, "n").value_or(0));
  }
  co_return back;
}

}  // namespace

Task<Result<std::size_t>> look_for_arrivals(EntryWork& work) {
  ArrivalsTail& tail = work.state->tail();
  const UnixMillis now = work.clock.now();
  const EventId settled = first_id_at(now - work.config.settled_after);
  // What is older was there before anybody waited.
  const EventId at_first = first_id_at(now - 2 * work.config.settled_after);
  const EventId after = std::max(tail.after().value_or(at_first), first_id_at(now - looks_back_max));
  auto entries = co_await entries_behind(work, after);
  if (!entries) co_return std::move(entries).error();
  auto back = co_await what_came_back(work);
  if (!back) co_return std::move(back).error();
  co_return tail.news(*std::move(entries), *std::move(back), settled);
}

}  // namespace triggers::store::dynamo
