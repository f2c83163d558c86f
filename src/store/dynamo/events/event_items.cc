#include "store/dynamo/events/event_items.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/random.h"
#include "store/dynamo/events/layout.h"
#include "store/inbox_name.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::chrono::hours fence_kept{1};

/// Of a pending item that was written with its item of the log: not by the first attempt of a plain tenant's writer.
constexpr const char* managed_token = "managed";

std::string new_token() {
  const std::uint64_t number = random_u64();
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

Condition nothing_there() {
  Condition condition;
  condition.expression = "attribute_not_exists(k)";
  return condition;
}

}  // namespace

Item event_attributes(const IncomingEvent& event) {
  Item item;
  item["t"] = text_value(event.event_type);
  item["p"] = text_value(event.payload);
  if (event.source) item["s"] = text_value(*event.source);
  if (!event.metadata.empty()) item["m"] = text_value(event.metadata);
  return item;
}

Result<Found> read_found(const Item& item, Found::State state) {
  const auto id = bytes_of(item, "i");
  if (!id || id->size() != 16) return Error{ErrorCode::internal, "a stored event has no id"};
  Found found;
  found.event.id = EventId::from_bytes(*id);
  if (item.contains("z")) {
    found.state = Found::State::fenced;
    return found;
  }
  const auto type = text_of(item, "t");
  const auto payload = text_of(item, "p");
  const auto acknowledged = number_of(item, "d");
  found.elsewhere = state == Found::State::pending && number_of(item, "g") == 1;
  if (!type || (!payload && !found.elsewhere)) {
    return Error{ErrorCode::internal, "a stored event cannot be read: " + found.event.id.text()};
  }
  found.state = state;
  if (state != Found::State::pending) found.state = acknowledged ? Found::State::acknowledged : Found::State::logged;
  found.event.event_type = *type;
  found.event.payload = payload.value_or("");
  if (const auto source = text_of(item, "s")) found.event.source = *source;
  if (const auto metadata = text_of(item, "m")) found.event.metadata = *metadata;
  if (acknowledged) found.event.acknowledged_at = UnixMillis{std::chrono::milliseconds{*acknowledged}};
  found.token = bytes_of(item, "h").value_or(item.contains("g") ? managed_token : "");
  const auto bytes = found.elsewhere ? number_of(item, "b").value_or(0) : 0;
  found.content_bytes = found.elsewhere ? static_cast<std::size_t>(std::max<std::int64_t>(bytes, 0))
                                        : found.event.payload.size() + found.event.metadata.size();
  return found;
}

Task<Result<Found>> EventItems::find(const Tenant& tenant, EventId id) {
  bool fenced = false;
  auto pending = co_await table_.get(layout::pending_key(tenant, default_inbox, id));
  if (!pending) co_return to_error(pending.error());
  if (!pending->empty()) {
    auto found = read_found(*pending, Found::State::pending);
    if (!found || found->state == Found::State::pending) co_return found;
    fenced = true;
  }
  // An acknowledgement writes the acknowledged item before it removes the pending one, so one of the two reads meets
  // it.
  auto acknowledged = co_await table_.get(layout::log_key(tenant, id));
  if (!acknowledged) co_return to_error(acknowledged.error());
  if (!acknowledged->empty()) co_return read_found(*acknowledged, Found::State::acknowledged);
  Found found;
  found.state = fenced ? Found::State::fenced : Found::State::absent;
  co_return found;
}

/// By what an event that is there is known as stored by this call.
struct EventItems::Mine {
  std::string token;
  Writer writer = Writer::first;
  [[nodiscard]] bool wrote(const Found& found) const {
    // The first try of a first writer leaves no token.
    return found.there() && (found.token == token || (writer == Writer::first && found.token.empty()));
  }
};

Task<Result<EventItems::Stored>> EventItems::store(const Tenant& tenant, const IncomingEvent& event, EventId id,
                                                   Writer writer) {
  const Mine mine{new_token(), writer};
  Item item = event_attributes(event);
  for (auto& part : layout::pending_key(tenant, default_inbox, id)) item[part.key()] = part.value();
  bool in_doubt = false;
  for (unsigned retry = 0;; ++retry) {
    const auto left = time_to_write(id);
    if (left.count() <= 0) break;
    // Another write of this event may have been done, and the event acknowledged: then it must not come back.
    const bool beside_another = in_doubt || writer == Writer::helper;
    CallResult answer = CallError{};
    if (beside_another) {
      item["h"] = bytes_value(mine.token);
      answer = co_await table_.put_if_neither(item, layout::log_key(tenant, id), left);
    } else {
      answer = co_await table_.put(item, nothing_there(), Repeat::once, left);
    }
    Stored stored;
    stored.now = answer.ok();
    if (stored.now) co_return stored;
    const auto kind = answer.error().kind;
    if (kind == CallError::Kind::condition_failed) {
      auto seen = co_await find_mine(tenant, id, mine);
      if (seen && (seen->now || seen->instead.state != Found::State::absent)) co_return seen;
      if (!seen && !in_doubt) co_return std::move(seen).error();
    } else if (kind == CallError::Kind::unknown) {
      in_doubt = true;
    } else if (kind != CallError::Kind::contended && !(beside_another && kind == CallError::Kind::throttled)) {
      if (!in_doubt) co_return to_error(answer.error());
      break;
    }
    // The client does not repeat transactions that were cancelled.
    const bool again = co_await table_.wait_to_retry(retry, time_to_write(id));
    if (!again) break;
  }
  if (!in_doubt) co_return Error{ErrorCode::overloaded, "DynamoDB did not take an event in time"};
  auto seen = co_await find_mine(tenant, id, mine);
  if (seen && (seen->now || seen->instead.state != Found::State::absent)) co_return seen;
  co_return Error{ErrorCode::unavailable, "DynamoDB did not say in time whether it stored an event"};
}

Task<Result<EventItems::Stored>> EventItems::find_mine(const Tenant& tenant, EventId id, const Mine& mine) {
  auto found = co_await find(tenant, id);
  if (!found) co_return std::move(found).error();
  Stored stored;
  stored.now = mine.wrote(*found);
  stored.instead = std::move(*found);
  co_return stored;
}

std::chrono::milliseconds EventItems::time_to_write(const EventId& id) const {
  return std::min(timing_.write_for - (clock_.now() - id.time()), timing_.write_for);
}

Item fence_item(const Tenant& tenant, EventId id, UnixMillis now) {
  Item item = layout::pending_key(tenant, default_inbox, id);
  item["z"] = number_value(1);
  const auto until = std::chrono::ceil<std::chrono::seconds>(now.time_since_epoch() + fence_kept);
  item["x"] = number_value(until.count());
  return item;
}

Task<Status> EventItems::fence(const Tenant& tenant, EventId id) {
  auto answer = co_await table_.put(fence_item(tenant, id, clock_.now()), nothing_there(), Repeat::safe);
  if (!answer && answer.error().kind != CallError::Kind::condition_failed) co_return to_error(answer.error());
  co_return Done{};
}

}  // namespace triggers::store::dynamo
