#include "store/dynamo/visits/removed_inboxes.h"

#include <boost/json.hpp>

#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/events/layout.h"
#include "store/dynamo/inbox/entry_counts.h"
#include "store/dynamo/inbox/inbox_layout.h"
#include "store/dynamo/jobs/event_holders.h"
#include "store/dynamo/jobs/job_items.h"

namespace triggers::store::dynamo {
namespace {

/// Inboxes that one visit empties.
constexpr std::size_t inboxes_a_visit = 8;
constexpr std::size_t items_at_once = 100;
/// The time of a removal is remembered for so long after the events of the inbox may have gone: a walk through the log
/// is over by then.
constexpr std::chrono::hours remembered_longer{24 * 7};

std::string partition_of(const Item& key) { return std::string(text_of(key, "k").value_or("")); }

/// All partitions of an inbox that may have many items or few.
std::vector<std::string> partitions_of(const Tenant& tenant, std::uint64_t number, unsigned shards) {
  std::vector<std::string> all;
  for (unsigned shard = 0; shard < shards; ++shard) {
    EventId id;
    id.bytes.back() = static_cast<unsigned char>(shard);
    all.push_back(layout::entry_partition(tenant, number, shard));
    all.push_back(partition_of(layout::record_key(tenant, number, id)));
  }
  all.push_back(layout::back_partition(tenant, number));
  all.push_back(layout::dead_partition(tenant, number));
  all.push_back(layout::reminder_partition(tenant, number));
  all.push_back(partition_of(layout::extended_lease_key(tenant, number, Uuid7{})));
  all.push_back(partition_of(layout::front_key(tenant, number)));
  all.push_back(JobItems::ended_partition(tenant, number));
  for (const std::string& name : EntryCounts::names(number)) {
    all.push_back(partition_of(layout::count_key(tenant, name)));
  }
  return all;
}

Item key_of(const Item& item) {
  Item key;
  key["k"] = item.at("k");
  key["i"] = item.at("i");
  return key;
}

}  // namespace

Task<Result<RemovedInboxes::Left>> RemovedInboxes::empty_some(const Tenant& tenant, TimePoint until) {
  Table::Range range;
  range.partition = layout::settings_partition(tenant);
  range.after = layout::settings_head_key(tenant).at("i").as_object();
  range.up_to = bytes_value("\x01\xff\xff\xff\xff\xff\xff\xff\xff");
  range.limit = inboxes_a_visit;
  auto items = co_await table_.query(std::move(range));
  if (!items) co_return to_error(items.error());
  Left left;
  for (const Item& item : items->items) {
    const auto sort = bytes_of(item, "i");
    const auto at = number_of(item, "t");
    if (!sort || !at) co_return Error{ErrorCode::internal, "a removed inbox cannot be read"};
    std::uint64_t number = 0;
    for (const char byte : std::string_view(*sort).substr(1)) number = number << 8 | static_cast<unsigned char>(byte);
    const UnixMillis removed_at{std::chrono::milliseconds{*at}};
    const bool last_look = clock_.now() - removed_at >= late_for;
    auto emptied = co_await empty(tenant, number, until);
    if (!emptied) co_return std::move(emptied).error();
    if (!*emptied) {
      left.more = true;
    } else if (last_look) {
      auto forgotten = co_await forget(tenant, number, removed_at);
      if (!forgotten) co_return std::move(forgotten).error();
      left.more = left.more || items->more;
    } else {
      left.waits = true;
    }
  }
  co_return left;
}

Task<Result<bool>> RemovedInboxes::empty(const Tenant& tenant, std::uint64_t number, TimePoint until) {
  JobItems items(table_);
  auto dropped = co_await items.drop(tenant, number);
  if (!dropped) co_return std::move(dropped).error();
  const auto shards = co_await shards_.to_read();
  if (!shards) co_return shards.error();
  bool nothing = true;
  for (std::string& partition : partitions_of(tenant, number, *shards)) {
    auto emptied = co_await empty_partition(std::move(partition), until);
    if (!emptied) co_return emptied;
    nothing = nothing && *emptied;
  }
  co_return nothing;
}

Task<Result<bool>> RemovedInboxes::empty_partition(std::string partition, TimePoint until) {
  for (bool nothing = true;; nothing = false) {
    if (std::chrono::steady_clock::now() >= until) co_return false;
    Table::Range range;
    range.partition = partition;
    range.limit = items_at_once;
    auto items = co_await table_.query(std::move(range));
    if (!items) co_return to_error(items.error());
    if (items->items.empty()) co_return nothing;
    auto remove = [&](std::size_t i) -> Task<Status> {
      Condition none;
      auto removed = co_await table_.remove(key_of(items->items[i]), std::move(none), Repeat::safe);
      if (!removed) co_return to_error(removed.error());
      co_return Done{};
    };
    auto removed = co_await for_each_until(items->items.size(), TimePoint::max(), remove);
    if (!removed) co_return std::move(removed).error();
  }
}

Task<Status> RemovedInboxes::forget(const Tenant& tenant, std::uint64_t number, UnixMillis removed_at) {
  Item gone = EventHolders::gone_inbox_key(tenant, number);
  gone["t"] = number_value(removed_at.time_since_epoch().count());
  const auto until = (clock_.now() + event_ttl_ + remembered_longer).time_since_epoch();
  gone["x"] = number_value(std::chrono::ceil<std::chrono::seconds>(until).count());
  Condition none;
  auto put = co_await table_.put(std::move(gone), std::move(none), Repeat::safe);
  if (!put) co_return to_error(put.error());
  auto removed = co_await table_.remove(layout::removed_inbox_key(tenant, number), std::move(none), Repeat::safe);
  if (!removed) co_return to_error(removed.error());
  co_return Done{};
}

}  // namespace triggers::store::dynamo
