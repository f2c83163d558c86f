#include "store/dynamo/inbox_reader.h"

#include <algorithm>
#include <vector>

#include "base/gather.h"
#include "store/dynamo/fleet_ids.h"
#include "store/dynamo/shard_scan.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t events_per_look = 256;
constexpr std::size_t filter_items_expected = 400;

/// Puts what `task` gives to `outcome`.
template <class T>
Task<void> keep(Task<T> task, T& outcome) {
  outcome = co_await std::move(task);
}

}  // namespace

Task<Result<Page>> InboxReader::page(const Tenant& tenant, const PageQuery& query) {
  Page page;
  page.memory = FairBudget::Share(query.memory, tenant.id);
  Place place;
  if (query.after) {
    auto given = from_mark(*query.after);
    if (!given) co_return Error{ErrorCode::invalid_argument, "the cursor is not of this store"};
    place = std::move(*given);
  }
  const auto shards = co_await shards_.to_read();
  if (!shards) co_return shards.error();

  Result<Counts::Count> count = Counts::Count{};
  Status collected = Done{};
  std::vector<Task<void>> reads;
  reads.push_back(keep(counts_.read(tenant, query.inbox), count));
  reads.push_back(keep(collect(tenant, query, *shards, place, page), collected));
  Gather both(std::move(reads), 2);
  co_await both;
  if (!collected) co_return std::move(collected).error();
  if (!count) co_return std::move(count).error();

  page.follow = to_mark(place);
  if (page.has_more) page.next_after = page.follow;
  page.total_undelivered = std::max<std::uint64_t>(count->total(), page.events.size() + (page.has_more ? 1 : 0));
  if (!query.after && !query.event_type && !page.has_more) {
    page.total_undelivered = page.events.size();
    co_await counts_.correct(tenant, query.inbox, *count, static_cast<std::int64_t>(page.events.size()));
  }
  co_return page;
}

Task<Status> InboxReader::collect(const Tenant& tenant, const PageQuery& query, unsigned shards, Place& place,
                                  Page& page) {
  const EventId settled = first_id_at(clock_.now() - timing_.settled_after);
  const std::size_t expected = query.event_type ? filter_items_expected : query.limit + 1 + place.shown.size();
  ShardScan scan(table_, tenant, query.inbox, shards, place.settled, expected, page.memory);

  const auto deadline = std::chrono::steady_clock::now() + bounds_.filter_time_max;
  const EventId looked_before = place.looked_at;
  EventId looked_at = place.settled;
  std::size_t bytes = 0;
  std::size_t passed = 0;
  for (;;) {
    while (scan.must_read()) {
      if (auto read = co_await scan.read_on(); !read) co_return read;
    }
    Found found = scan.next();
    if (found.state == Found::State::absent) break;
    const EventId id = found.event.id;
    StoredEvent& event = found.event;
    const bool wanted = found.state == Found::State::pending && !place.shown.contains(id) &&
                        (!query.event_type || event.event_type == *query.event_type);
    if (wanted) {
      const std::size_t event_bytes = event.payload.size() + event.metadata.size();
      const bool open = id > settled;
      page.has_more = page.events.size() == query.limit ||
                      (!page.events.empty() && bytes + event_bytes > bounds_.bytes_max) ||
                      (open && place.shown.size() >= bounds_.shown_max);
      if (page.has_more) break;
      bytes += event_bytes;
      if (open) place.shown.insert(id);
      page.events.push_back(std::move(event));
    } else {
      page.memory.shrink(event.bytes());
    }
    looked_at = id;
    // What an earlier page has looked at is gone over whatever it takes, or no page would come further.
    if (query.event_type && id > looked_before && ++passed % events_per_look == 0 &&
        std::chrono::steady_clock::now() >= deadline) {
      page.has_more = true;
      break;
    }
  }
  // All up to `settled` was looked at if the scan came to its end.
  place.settled = std::max(place.settled, page.has_more ? std::min(looked_at, settled) : settled);
  place.looked_at = std::max(looked_before, looked_at);
  // What was read and is for a later page.
  std::size_t kept = 0;
  for (const StoredEvent& event : page.events) kept += event.bytes();
  page.memory.shrink(page.memory.bytes() - kept);
  std::erase_if(place.shown, [&](const EventId& id) { return id <= place.settled; });
  co_return Done{};
}

}  // namespace triggers::store::dynamo
