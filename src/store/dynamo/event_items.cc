#include "store/dynamo/event_items.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/layout.h"

namespace triggers::store::dynamo {
namespace {

constexpr std::chrono::hours fence_kept{1};

/// True if what is there was written by this writer: the first one leaves no token, a helper leaves its own.
bool written_by(const Found& found, const std::string& helper) { return found.there() && found.helper == helper; }

}  // namespace

Item event_attributes(const Append& event) {
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
  const auto delivered = number_of(item, "d");
  if (!type || !payload || (state == Found::State::delivered && !delivered)) {
    return Error{ErrorCode::internal, "a stored event cannot be read: " + found.event.id.text()};
  }
  found.state = state;
  found.event.event_type = *type;
  found.event.payload = *payload;
  if (const auto source = text_of(item, "s")) found.event.source = *source;
  if (const auto metadata = text_of(item, "m")) found.event.metadata = *metadata;
  if (delivered) found.event.delivered_at = UnixMillis{std::chrono::milliseconds{*delivered}};
  found.helper = bytes_of(item, "h").value_or("");
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
  // An acknowledgement writes the delivered item before it removes the pending one, so one of the two reads meets it.
  auto delivered = co_await table_.get(layout::delivered_key(tenant, id));
  if (!delivered) co_return to_error(delivered.error());
  if (!delivered->empty()) co_return read_found(*delivered, Found::State::delivered);
  Found found;
  found.state = fenced ? Found::State::fenced : Found::State::absent;
  co_return found;
}

Task<Result<EventItems::Stored>> EventItems::store(const Tenant& tenant, const Append& event, EventId id,
                                                   std::string helper) {
  Item item = event_attributes(event);
  for (auto& part : layout::pending_key(tenant, default_inbox, id)) item[part.key()] = part.value();
  if (!helper.empty()) item["h"] = bytes_value(helper);
  bool in_doubt = false;
  for (;;) {
    const auto left = std::min(timing_.write_for - (clock_.now() - id.time()), timing_.write_for);
    if (left.count() <= 0) {
      if (in_doubt) co_return Error{ErrorCode::unavailable, "DynamoDB did not say in time whether it stored an event"};
      co_return Error{ErrorCode::overloaded, "DynamoDB did not take an event in time"};
    }
    Condition nothing_there;
    nothing_there.expression = "attribute_not_exists(k)";
    auto answer = co_await table_.put(item, std::move(nothing_there), Repeat::once, left);
    if (answer) {
      if (in_doubt) {
        if (auto taken = co_await take_back_if_delivered(tenant, id); !taken) co_return std::move(taken).error();
      }
      Stored stored;
      stored.now = true;
      co_return stored;
    }
    if (answer.error().kind == CallError::Kind::condition_failed) {
      auto seen = co_await look(tenant, id, helper);
      if (!seen || seen->now || seen->instead.state != Found::State::absent) co_return seen;
      continue;
    }
    if (answer.error().kind != CallError::Kind::unknown) {
      if (in_doubt) co_return Error{ErrorCode::unavailable, answer.error().message};
      co_return to_error(answer.error());
    }
    in_doubt = true;
    auto seen = co_await look(tenant, id, helper);
    if (!seen) co_return Error{ErrorCode::unavailable, seen.error().message};
    if (seen->now || seen->instead.state != Found::State::absent) co_return seen;
  }
}

Task<Result<EventItems::Stored>> EventItems::look(const Tenant& tenant, EventId id, const std::string& helper) {
  auto found = co_await find(tenant, id);
  if (!found) co_return std::move(found).error();
  Stored stored;
  stored.now = written_by(*found, helper);
  stored.instead = std::move(*found);
  co_return stored;
}

Task<Status> EventItems::take_back_if_delivered(const Tenant& tenant, EventId id) {
  auto delivered = co_await table_.get(layout::delivered_key(tenant, id));
  if (!delivered) co_return Error{ErrorCode::unavailable, delivered.error().message};
  if (delivered->empty()) co_return Done{};
  // The write that was in doubt had happened, and its event was acknowledged before this one put it there again.
  Condition none;
  auto removed = co_await table_.remove(layout::pending_key(tenant, default_inbox, id), std::move(none), Repeat::safe);
  if (!removed) co_return Error{ErrorCode::unavailable, removed.error().message};
  co_return Done{};
}

Task<Status> EventItems::fence(const Tenant& tenant, EventId id) {
  Item item = layout::pending_key(tenant, default_inbox, id);
  item["z"] = number_value(1);
  const auto until = std::chrono::ceil<std::chrono::seconds>(clock_.now().time_since_epoch() + fence_kept);
  item["x"] = number_value(until.count());
  Condition nothing_there;
  nothing_there.expression = "attribute_not_exists(k)";
  auto answer = co_await table_.put(std::move(item), std::move(nothing_there), Repeat::safe);
  if (!answer && answer.error().kind != CallError::Kind::condition_failed) co_return to_error(answer.error());
  co_return Done{};
}

}  // namespace triggers::store::dynamo
