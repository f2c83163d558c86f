#include "store/dynamo/events/shard_scan.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/gather.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {

ShardScan::ShardScan(Table& table, const Tenant& tenant, const std::string& inbox, unsigned shards, PageOrder order,
                     std::optional<EventId> after, std::size_t items_expected, FairBudget::Share& memory,
                     std::optional<ManagedScan> managed)
    : table_(table),
      tenant_(tenant),
      managed_(std::move(managed)),
      memory_(memory),
      backwards_(order == PageOrder::newest_first) {
  // Events are spread evenly; a few more than the share save most second queries.
  const std::size_t share = items_expected / shards + 3;
  for (unsigned i = 0; i < shards; ++i) {
    Shard& shard = shards_.emplace_back();
    shard.partition = layout::pending_partition(tenant, inbox, i);
    shard.read_to = after;
    shard.limit = std::min(shards == 1 ? items_expected : share, query_items_max);
  }
}

bool ShardScan::must_read() const { return std::ranges::any_of(shards_, &Shard::must_read); }

Task<Status> ShardScan::read_on() {
  std::vector<Task<void>> reads;
  for (Shard& shard : shards_) {
    if (shard.must_read()) reads.push_back(fill(shard));
  }
  const std::size_t width = reads.size();
  Gather all(std::move(reads), width);
  co_await all;
  for (const Shard& shard : shards_) {
    if (shard.error) co_return *shard.error;
  }
  co_return Done{};
}

Found ShardScan::next() {
  Shard* next = nullptr;
  for (Shard& shard : shards_) {
    INVARIANT(!shard.must_read(), "the next event is asked for before every shard was read so far");
    if (shard.items.empty()) continue;
    if (next != nullptr && (shard.items.front().event.id < next->items.front().event.id) == backwards_) continue;
    next = &shard;
  }
  if (next == nullptr) return {};
  Found found = std::move(next->items.front());
  next->items.pop_front();
  return found;
}

Task<void> ShardScan::fill(Shard& shard) {
  Table::Range range;
  range.partition = shard.partition;
  if (shard.read_to) range.after = bytes_value(shard.read_to->view());
  range.backwards = backwards_;
  range.limit = shard.limit;
  shard.limit = std::min(shard.limit * 2, query_items_max);
  auto items = co_await table_.query(std::move(range));
  if (!items) {
    shard.error = to_error(items.error());
    co_return;
  }
  std::vector<Found> read;
  for (const Item& item : items->items) {
    auto found = read_found(item, Found::State::pending);
    if (!found) {
      shard.error = found.error();
      co_return;
    }
    read.push_back(std::move(*found));
  }
  if (managed_) {
    if (auto done = co_await complete(read); !done) {
      shard.error = std::move(done).error();
      co_return;
    }
  }
  shard.more = items->more || read.size() < items->items.size();
  for (Found& found : read) {
    if (!memory_.grow(found.event.bytes())) {
      shard.error = no_memory_for_page();
      co_return;
    }
    shard.read_to = found.event.id;
    shard.items.push_back(std::move(found));
  }
}

Task<Status> ShardScan::check(std::vector<Found>& items) {
  std::vector<EventId> ids;
  for (const Found& found : items) {
    if (found.state == Found::State::pending) ids.push_back(found.event.id);
  }
  if (ids.empty()) co_return Done{};
  const auto undelivered = co_await managed_->check->undelivered(std::move(ids));
  if (!undelivered) co_return undelivered.error();
  std::size_t next = 0;
  for (Found& found : items) {
    if (found.state == Found::State::pending && !(*undelivered)[next++]) found.state = Found::State::fenced;
  }
  co_return Done{};
}

Task<Status> ShardScan::complete(std::vector<Found>& items) {
  auto checked = co_await check(items);
  if (!checked) co_return checked;
  std::size_t bytes = 0;
  std::vector<EventId> ids;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Found& found = items[i];
    const bool reads = found.state == Found::State::pending && found.elsewhere &&
                       (!managed_->event_type || found.event.event_type == *managed_->event_type);
    if (!reads) continue;
    bytes += found.content_bytes;
    if (bytes > content_bytes_max && !ids.empty()) {
      items.resize(i);
      break;
    }
    ids.push_back(found.event.id);
  }
  if (ids.empty()) co_return Done{};
  auto contents = co_await managed_->log->contents(tenant_, ids);
  if (!contents) co_return std::move(contents).error();
  std::size_t next = 0;
  for (Found& found : items) {
    if (next == ids.size() || found.event.id != ids[next]) continue;
    std::optional<StoredEvent>& content = (*contents)[next++];
    if (!content) co_return Error{ErrorCode::internal, "the log lacks " + found.event.id.text()};
    found.event = std::move(*content);
    found.event.acknowledged_at.reset();
  }
  co_return Done{};
}

}  // namespace triggers::store::dynamo
