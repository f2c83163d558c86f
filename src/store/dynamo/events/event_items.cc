#include "store/dynamo/events/event_items.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/events/layout.h"
#include "store/inbox_name.h"

namespace triggers::store::dynamo {
namespace {

Condition nothing_there() {
  Condition condition;
  condition.expression = "attribute_not_exists(k)";
  return condition;
}

}  // namespace

Task<Result<Found>> EventItems::find(const Tenant& tenant, EventId id) {
  auto pending = co_await table_.get(layout::pending_key(tenant, default_inbox, id));
  if (!pending) co_return to_error(pending.error());
  Found found;
  if (!pending->empty()) {
    auto read = read_found(*pending, Found::State::pending);
    if (!read || (read->state == Found::State::pending && !read->elsewhere)) co_return read;
    found.state = read->state;
  }
  // An acknowledgement writes the item of the log before it removes the pending one, so one of the two reads meets it.
  auto logged = co_await table_.get(layout::log_key(tenant, id));
  if (!logged) co_return to_error(logged.error());
  if (logged->empty()) {
    if (found.state == Found::State::pending) co_return Error{ErrorCode::internal, "the log lacks " + id.text()};
    co_return found;
  }
  if (logged->contains(LogItems::missing_entries)) {
    auto done = co_await log_.finish(tenant, *logged);
    if (!done) co_return std::move(done).error();
  }
  auto read = read_found(*logged, Found::State::logged);
  if (read && found.state == Found::State::pending) read->state = Found::State::pending;
  co_return read;
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

Task<Result<Admission::Answer>> EventItems::admit(const Tenant& tenant, const IncomingEvent& event,
                                                  const Destination& destination) {
  if (admission_ == nullptr) co_return Admission::Answer();
  const std::size_t entries = destination.managed ? destination.takers.size() : 1;
  const std::uint64_t bytes = stored_bytes(event.event_type, event.source, event.payload, event.metadata);
  co_return co_await admission_->admit(tenant, entries, bytes);
}

Task<Result<std::optional<StorageLimit>>> EventItems::refused_by(const Tenant& tenant, const IncomingEvent& event) {
  if (admission_ == nullptr) co_return std::optional<StorageLimit>();
  const auto destination = co_await router_.route(tenant, event);
  if (!destination) co_return destination.error();
  const auto answer = co_await admit(tenant, event, *destination);
  if (!answer) co_return answer.error();
  co_return answer->refused_by;
}

Task<Result<Stored>> EventItems::store(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer) {
  const auto destination = co_await router_.route(tenant, event);
  if (!destination) co_return destination.error();
  if (admission_ != nullptr && table_.late()) {
    co_return Error{ErrorCode::overloaded, "DynamoDB did not take an event in time"};
  }
  auto admitted = co_await admit(tenant, event, *destination);
  if (!admitted) co_return std::move(admitted).error();
  if (admitted->refused_by) {
    Stored refused;
    refused.refused_by = admitted->refused_by;
    co_return refused;
  }
  auto stored = co_await store_at(tenant, event, id, writer, *destination);
  if (!stored || !stored->now) co_return stored;
  const auto count = [&] { accepted_.count(tenant, *destination); };
  admitted->place ? admitted->place->stored(count) : count();
  accepted_.accepted(tenant, id, *destination);
  co_return stored;
}

Task<Result<Stored>> EventItems::store_at(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer,
                                          const Destination& destination) {
  return destination.managed ? managed_.store(tenant, event, id, writer, destination)
                             : store_plain(tenant, event, id, writer);
}

Task<Result<Stored>> EventItems::store_plain(const Tenant& tenant, const IncomingEvent& event, EventId id,
                                             Writer writer) {
  const Mine mine{new_token(), writer};
  Item item = event_attributes(event);
  for (auto& part : layout::pending_key(tenant, default_inbox, id)) item[part.key()] = part.value();
  bool in_doubt = false;
  for (unsigned retry = 0;; ++retry) {
    const auto left = timing_.time_to_write(id, clock_.now());
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
    const bool again = co_await table_.wait_to_retry(retry, timing_.time_to_write(id, clock_.now()));
    if (!again) break;
  }
  if (!in_doubt) co_return Error{ErrorCode::overloaded, "DynamoDB did not take an event in time"};
  auto seen = co_await find_mine(tenant, id, mine);
  if (seen && (seen->now || seen->instead.state != Found::State::absent)) co_return seen;
  co_return Error{ErrorCode::unavailable, "DynamoDB did not say in time whether it stored an event"};
}

Task<Result<Stored>> EventItems::find_mine(const Tenant& tenant, EventId id, const Mine& mine) {
  auto found = co_await find(tenant, id);
  if (!found) co_return std::move(found).error();
  Stored stored;
  stored.now = mine.wrote(*found);
  stored.instead = std::move(*found);
  co_return stored;
}

Item fence_item(const Tenant& tenant, EventId id, UnixMillis now) {
  Item item = layout::pending_key(tenant, default_inbox, id);
  add_fence(item, now);
  return item;
}

Task<Status> EventItems::fence(const Tenant& tenant, EventId id) {
  const auto destination = co_await router_.route(tenant);
  if (!destination) co_return destination.error();
  if (destination->managed) co_return co_await managed_.fence(tenant, id);
  auto answer = co_await table_.put(fence_item(tenant, id, clock_.now()), nothing_there(), Repeat::safe);
  if (!answer && answer.error().kind != CallError::Kind::condition_failed) co_return to_error(answer.error());
  co_return Done{};
}

}  // namespace triggers::store::dynamo
