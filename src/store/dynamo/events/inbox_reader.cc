#include "store/dynamo/events/inbox_reader.h"

#include <algorithm>
#include <vector>

#include "base/gather.h"
#include "store/dynamo/events/fleet_ids.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t events_per_look = 256;
constexpr std::size_t filter_items_expected = 400;

/// Puts what `task` gives to `outcome`.
template <class T>
Task<void> keep(Task<T> task, T& outcome) {
  outcome = co_await std::move(task);
}

std::size_t content_bytes(const StoredEvent& event) { return event.payload.size() + event.metadata.size(); }

/// Gives back the memory of what was read and is for a later page.
void keep_what_is_returned(Page& page) {
  std::size_t kept = 0;
  for (const StoredEvent& event : page.events) kept += event.bytes();
  page.memory.shrink(page.memory.bytes() - kept);
}

}  // namespace

Task<Result<Page>> InboxReader::page(const Tenant& tenant, const PageQuery& query, std::optional<ManagedScan> managed) {
  managed_ = std::move(managed);
  if (managed_) managed_->event_type = query.event_type;
  Page page;
  page.memory = FairBudget::Share(query.memory, tenant.id);
  const auto shards = co_await shards_.to_read();
  if (!shards) co_return shards.error();

  Result<Counts::Count> count = Counts::Count{};
  Status collected = Done{};
  std::vector<Task<void>> reads;
  reads.push_back(keep(counts_.read(tenant, query.inbox), count));
  reads.push_back(keep(collect(tenant, query, *shards, page), collected));
  Gather both(std::move(reads), 2);
  co_await both;
  if (!collected) co_return std::move(collected).error();
  if (!count) co_return std::move(count).error();

  if (!query.after && page.events.empty() && !page.has_more) page.next_after.reset();
  page.total_unacknowledged = std::max<std::uint64_t>(count->total(), page.events.size() + (page.has_more ? 1 : 0));
  if (!query.after && !query.event_type && !page.has_more) {
    page.total_unacknowledged = page.events.size();
    co_await counts_.correct(tenant, query.inbox, *count, static_cast<std::int64_t>(page.events.size()));
  }
  co_return page;
}

Task<Status> InboxReader::collect(const Tenant& tenant, const PageQuery& query, unsigned shards, Page& page) {
  return query.order == PageOrder::newest_first ? collect_newest_first(tenant, query, shards, page)
                                                : collect_oldest_first(tenant, query, shards, page);
}

Task<Status> InboxReader::collect_oldest_first(const Tenant& tenant, const PageQuery& query, unsigned shards,
                                               Page& page) {
  InboxPosition position;
  if (query.after) {
    auto given = from_continuation(*query.after);
    if (!given) co_return foreign_continuation();
    position = std::move(*given);
  }
  const EventId settled = first_id_at(clock_.now() - timing_.settled_after);
  const std::size_t expected = query.event_type ? filter_items_expected : query.limit + 1 + position.returned.size();
  ShardScan scan(table_, tenant, query.inbox, shards, query.order, position.settled, expected, page.memory, managed_);

  const auto deadline = std::chrono::steady_clock::now() + bounds_.filter_time_max;
  const EventId scanned_before = position.scanned_to;
  EventId scanned_to = position.settled;
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
    const bool wanted = found.state == Found::State::pending && !position.returned.contains(id) &&
                        (!query.event_type || event.event_type == *query.event_type);
    if (wanted) {
      const bool open = id > settled;
      page.has_more =
          full(query, page, bytes, content_bytes(event)) || (open && position.returned.size() >= bounds_.returned_max);
      if (page.has_more) break;
      bytes += content_bytes(event);
      if (open) position.returned.insert(id);
      page.events.push_back(std::move(event));
    } else {
      page.memory.shrink(event.bytes());
    }
    scanned_to = id;
    // Events that an earlier page has passed do not count against the time, or no page would get further.
    if (query.event_type && id > scanned_before && ++passed % events_per_look == 0 &&
        std::chrono::steady_clock::now() >= deadline) {
      page.has_more = true;
      break;
    }
  }
  // If the scan reached its end, all events up to `settled` were read.
  position.settled = std::max(position.settled, page.has_more ? std::min(scanned_to, settled) : settled);
  position.scanned_to = std::max(scanned_before, scanned_to);
  keep_what_is_returned(page);
  std::erase_if(position.returned, [&](const EventId& id) { return id <= position.settled; });
  page.next_after = to_continuation(position);
  co_return Done{};
}

Task<Status> InboxReader::collect_newest_first(const Tenant& tenant, const PageQuery& query, unsigned shards,
                                               Page& page) {
  std::optional<EventId> scanned_to;
  if (query.after) {
    scanned_to = id_of(*query.after);
    if (!scanned_to) co_return foreign_continuation();
  }
  const std::size_t expected = query.event_type ? filter_items_expected : query.limit + 1;
  ShardScan scan(table_, tenant, query.inbox, shards, query.order, scanned_to, expected, page.memory, managed_);
  const auto deadline = std::chrono::steady_clock::now() + bounds_.filter_time_max;
  std::size_t bytes = 0;
  for (std::size_t passed = 0; !page.has_more;) {
    while (scan.must_read()) {
      if (auto read = co_await scan.read_on(); !read) co_return read;
    }
    Found found = scan.next();
    if (found.state == Found::State::absent) break;
    const EventId id = found.event.id;
    StoredEvent& event = found.event;
    if (found.state == Found::State::pending && (!query.event_type || event.event_type == *query.event_type)) {
      page.has_more = full(query, page, bytes, content_bytes(event));
      if (page.has_more) break;
      bytes += content_bytes(event);
      page.events.push_back(std::move(event));
    } else {
      page.memory.shrink(event.bytes());
      page.has_more =
          query.event_type && ++passed % events_per_look == 0 && std::chrono::steady_clock::now() >= deadline;
    }
    scanned_to = id;
  }
  keep_what_is_returned(page);
  if (scanned_to) page.next_after = continue_after(*scanned_to);
  co_return Done{};
}

}  // namespace triggers::store::dynamo
