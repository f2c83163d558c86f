#include "store/dynamo/events/shard_scan.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/gather.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {

ShardScan::ShardScan(Table& table, const Tenant& tenant, const std::string& inbox, unsigned shards, PageOrder order,
                     std::optional<EventId> after, std::size_t items_expected, FairBudget::Share& memory)
    : table_(table), memory_(memory), backwards_(order == PageOrder::newest_first) {
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
  shard.more = items->more;
  for (const Item& item : items->items) {
    auto found = read_found(item, Found::State::pending);
    if (!found) {
      shard.error = found.error();
      co_return;
    }
    if (!memory_.grow(found->event.bytes())) {
      shard.error = no_memory_for_page();
      co_return;
    }
    shard.read_to = found->event.id;
    shard.items.push_back(std::move(*found));
  }
}

}  // namespace triggers::store::dynamo
