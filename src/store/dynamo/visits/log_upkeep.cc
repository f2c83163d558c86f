#include "store/dynamo/visits/log_upkeep.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/events/fleet_ids.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::size_t events_at_once = 100;

}  // namespace

Task<Result<bool>> LogUpkeep::walk_some(const Tenant& tenant, const TenantInboxes& inboxes, LogPlace& place,
                                        TimePoint until) {
  const UnixMillis now = clock_.now();
  if (place.part >= layout::log_partitions) {
    if (now - place.begun_at < walk_every) co_return false;
    place = {};
  }
  if (place == LogPlace{}) place.begun_at = now;
  const EventId last = last_id_at(now - retention_.event_ttl);
  while (place.part < layout::log_partitions) {
    if (std::chrono::steady_clock::now() >= until) co_return true;
    Table::Range range;
    range.partition = layout::log_partition(tenant, place.part);
    range.after = bytes_value(place.after.view());
    range.up_to = bytes_value(last.view());
    range.limit = events_at_once;
    Table::Items items;
    if (place.after < last) {
      auto found = co_await table_.query(std::move(range));
      if (!found) co_return to_error(found.error());
      items = *std::move(found);
    }
    auto one = [&](std::size_t i) { return let_expire(tenant, inboxes, items.items[i]); };
    auto done = co_await for_each_until(items.items.size(), TimePoint::max(), one);
    if (!done) co_return std::move(done).error();
    const bool more = items.more && !items.items.empty();
    if (more) {
      place.after =
          EventId::from_bytes(bytes_of(items.items.back(), "i").value_or(std::string(last.bytes.size(), '\0')));
    } else {
      ++place.part;
      place.after = {};
    }
  }
  co_return false;
}

Task<Status> LogUpkeep::let_expire(const Tenant& tenant, const TenantInboxes& inboxes, const Item& logged) {
  if (logged.contains("x")) co_return Done{};
  const auto departure = co_await holders_.departure(tenant, inboxes, logged);
  if (!departure) co_return departure.error();
  if (departure->held) co_return Done{};
  const EventId id = EventId::from_bytes(*bytes_of(logged, "i"));
  // A replay that has begun since then has written `y`.
  Condition same;
  same.expression = "attribute_exists(k) AND attribute_not_exists(x) AND ";
  if (const auto replayed = number_of(logged, "y")) {
    same.expression += "y = :y";
    same.values[":y"] = number_value(*replayed);
  } else {
    same.expression += "attribute_not_exists(y)";
  }
  same.values[":x"] = number_value(retention_.removal_time(id, departure->at));
  auto set = co_await table_.update(layout::log_key(tenant, id), "SET x = :x", std::move(same), Repeat::safe);
  const bool changed = !set && set.error().kind == CallError::Kind::condition_failed;
  if (!set && !changed) co_return to_error(set.error());
  co_return Done{};
}

}  // namespace triggers::store::dynamo
