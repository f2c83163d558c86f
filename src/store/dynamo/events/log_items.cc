#include "store/dynamo/events/log_items.h"

#include <boost/json.hpp>

#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

constexpr unsigned rounds_max = 8;

Error unreadable(const EventId& id) {
  return {ErrorCode::internal, "an event of the log cannot be read: " + id.text()};
}

Item without_key(Item item) {
  item.erase("k");
  item.erase("i");
  return item;
}

}  // namespace

Task<Result<std::vector<std::optional<StoredEvent>>>> LogItems::contents(const Tenant& tenant,
                                                                         std::vector<EventId> ids) {
  std::vector<Item> keys;
  keys.reserve(ids.size());
  for (const EventId& id : ids) keys.push_back(layout::log_key(tenant, id));
  auto items = co_await table_.batch_get(std::move(keys));
  if (!items) co_return to_error(items.error());
  std::vector<std::optional<StoredEvent>> events;
  events.reserve(items->size());
  for (const Item& item : *items) {
    events.emplace_back();
    if (item.empty()) continue;
    if (item.contains(missing_entries)) {
      auto done = co_await finish(tenant, item);
      if (!done) co_return std::move(done).error();
    }
    auto found = read_found(item, Found::State::logged);
    if (!found) co_return std::move(found).error();
    if (found->there()) events.back() = std::move(found->event);
  }
  co_return events;
}

Task<Result<LogItems::Adopted>> LogItems::adopt(const Tenant& tenant, const Item& entry) {
  const auto found = read_found(entry, Found::State::pending);
  if (!found) co_return found.error();
  Item logged = without_key(entry);
  logged.erase("h");
  for (auto& part : layout::log_key(tenant, found->event.id)) logged[part.key()] = part.value();
  logged["o"] = bytes_value(encode_numbers({0}));
  Condition free;
  free.expression = "attribute_not_exists(k)";
  for (unsigned round = 0; round < rounds_max; ++round) {
    auto written = co_await table_.put(logged, free, Repeat::safe);
    if (written) co_return Adopted::adopted;
    if (written.error().kind != CallError::Kind::condition_failed) co_return to_error(written.error());
    const auto acknowledged = number_of(written.error().item, "d");
    if (written.error().item.empty()) continue;  // It has gone meanwhile.
    if (!acknowledged) co_return Adopted::adopted;
    if (clock_.now() - UnixMillis{std::chrono::milliseconds{*acknowledged}} < left_behind) {
      co_return Adopted::being_acknowledged;
    }
    // A node died between its two writes. The event is still in its inbox, so nothing was acknowledged.
    free.expression = "attribute_not_exists(k) OR d = :d";
    free.values[":d"] = number_value(*acknowledged);
  }
  co_return Error{ErrorCode::overloaded, "too many acknowledgements of one event at once"};
}

Task<Status> LogItems::finish(const Tenant& tenant, const Item& logged) {
  const auto found = read_found(logged, Found::State::logged);
  const auto bytes = bytes_of(logged, missing_entries);
  if (!found) co_return found.error();
  const auto missing = bytes ? decode_numbers(*bytes) : std::nullopt;
  if (!missing || missing->size() >= Table::writes_max) co_return unreadable(found->event.id);
  IncomingEvent event;
  event.event_type = found->event.event_type;
  event.payload = found->event.payload;
  event.metadata = found->event.metadata;
  std::vector<Write> writes(1);
  writes[0].kind = Write::Kind::update;
  writes[0].item = layout::log_key(tenant, found->event.id);
  writes[0].expression = "REMOVE u";
  writes[0].condition.expression = "u = :u";
  writes[0].condition.values[":u"] = bytes_value(*bytes);
  for (const std::uint64_t number : *missing) {
    writes.emplace_back().item = entry_item(tenant, number, found->event.id, event, false);
  }
  auto done = co_await table_.transact_until_known(std::move(writes));
  // If the condition fails, another one has finished it.
  if (done || done.error().kind == CallError::Kind::condition_failed) co_return Done{};
  co_return to_error(done.error());
}

}  // namespace triggers::store::dynamo
