#include "store/dynamo/inbox/entry_scan.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/gather.h"
#include "store/dynamo/inbox/inbox_layout.h"
#include "store/page.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t query_items_max = 500;
/// Entries are spread evenly over the shards; so many more than a shard's part save most second queries.
constexpr std::size_t spare = 3;
constexpr std::size_t entry_bytes = 256;

}  // namespace

std::size_t EntryScan::bytes_of(const StoredEntry& entry) noexcept {
  return entry_bytes + (entry.event ? entry.event->bytes() : 0);
}

EntryScan::EntryScan(Table& table, const InboxPlace& place, unsigned shards, const EventId& after, std::size_t expected,
                     FairBudget::Share& memory)
    : table_(table), memory_(memory), shards_(shards) {
  const std::size_t part = shards == 1 ? expected : expected / shards + spare;
  for (unsigned i = 0; i < shards; ++i) {
    shards_[i].partition = layout::entry_partition(place.tenant, place.number(), i);
    shards_[i].read_to = after;
    shards_[i].limit = std::min(part, query_items_max);
  }
}

Task<Status> EntryScan::read_ahead() { return read_on(); }

Task<Result<std::optional<StoredEntry>>> EntryScan::next() {
  while (std::ranges::any_of(shards_, &Shard::must_read)) {
    auto read = co_await read_on();
    if (!read) co_return std::move(read).error();
  }
  Shard* first = nullptr;
  for (Shard& shard : shards_) {
    if (shard.entries.empty()) continue;
    if (first == nullptr || shard.entries.front().id < first->entries.front().id) first = &shard;
  }
  std::optional<StoredEntry> entry;
  if (first == nullptr) co_return entry;
  entry = std::move(first->entries.front());
  first->entries.pop_front();
  co_return entry;
}

Task<Status> EntryScan::read_on() {
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

Task<void> EntryScan::fill(Shard& shard) {
  Table::Range range;
  range.partition = shard.partition;
  range.after = bytes_value(shard.read_to.view());
  range.limit = shard.limit;
  shard.limit = std::min(shard.limit * 2, query_items_max);
  auto items = co_await table_.query(std::move(range));
  if (!items) {
    shard.error = to_error(items.error());
    co_return;
  }
  shard.more = items->more;
  for (const Item& item : items->items) {
    auto taken = take(shard, item);
    if (!taken) shard.error = std::move(taken).error();
    if (shard.error) co_return;
  }
}

Status EntryScan::take(Shard& shard, const Item& item) {
  auto entry = read_entry(item);
  if (!entry) return std::move(entry).error();
  shard.read_to = entry->id;
  if (entry->fence) return Done{};
  if (!memory_.grow(bytes_of(*entry))) return no_memory_for_page();
  shard.entries.push_back(*std::move(entry));
  return Done{};
}

}  // namespace triggers::store::dynamo
