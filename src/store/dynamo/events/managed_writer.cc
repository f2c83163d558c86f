#include "store/dynamo/events/managed_writer.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/events/layout.h"
#include "store/inbox_name.h"

namespace triggers::store::dynamo {
namespace {

/// For so long after a tenant became managed, a node may still write for it as for a plain one: its settings may be a
/// second old, and a request takes ten at most. The rest is for clocks that differ.
constexpr std::chrono::milliseconds transition_for{20'000};

constexpr std::string_view unused{"attribute_not_exists(k)"};

Write put_if_unused(Item item) {
  Write write;
  write.item = std::move(item);
  write.condition.expression = unused;
  return write;
}

Item fence_of(Item key, UnixMillis now) {
  add_fence(key, now);
  return key;
}

}  // namespace

/// What is written of one event.
struct ManagedWriter::Draft {
  std::string token;            ///< `h` of the item of the log.
  std::vector<Write> writes{};  ///< The first is the item of the log.
  bool complete = true;         ///< Otherwise finish() writes the rest.
};

ManagedWriter::Draft ManagedWriter::draft(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer,
                                          const Destination& destination) const {
  Draft draft{.token = new_token()};
  Item logged = layout::log_key(tenant, id);
  for (auto& part : event_attributes(event)) logged[part.key()] = part.value();
  logged["h"] = bytes_value(draft.token);
  logged["o"] = bytes_value(encode_numbers(destination.takers));
  if (destination.takers.empty()) logged["x"] = number_value(retention_.removal_time(id, clock_.now()));
  draft.writes.push_back(put_if_unused(std::move(logged)));

  const InboxNumbers& takers = destination.takers;
  const bool in_default = !takers.empty() && takers.front() == 0;
  if (!in_default && id.time() - destination.managed_since < transition_for) {
    // A writer that takes the tenant for a plain one looks only there, and so does one that fences it off.
    Item pending = layout::pending_key(tenant, default_inbox, id);
    if (writer == Writer::helper) {
      draft.writes.push_back(put_if_unused(fence_of(std::move(pending), clock_.now())));
    } else {
      Write& check = draft.writes.emplace_back();
      check.kind = Write::Kind::check;
      check.item = std::move(pending);
      check.condition.expression = unused;
    }
  }
  const std::size_t count = std::min(takers.size(), Table::writes_max - draft.writes.size());
  draft.complete = count == takers.size();
  if (!draft.complete) {
    const InboxNumbers missing(takers.begin() + static_cast<std::ptrdiff_t>(count), takers.end());
    draft.writes.front().item[LogItems::missing_entries] = bytes_value(encode_numbers(missing));
  }
  for (std::size_t i = 0; i < count; ++i) {
    // Without copies, every reader of such an event meets the item of the log.
    Item entry = entry_item(tenant, takers[i], id, event, draft.complete);
    Write& write = draft.writes.emplace_back();
    write.item = std::move(entry);
    if (takers[i] == 0) write.condition.expression = unused;
  }
  return draft;
}

Task<Result<Stored>> ManagedWriter::store(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer,
                                          const Destination& destination) {
  const Draft draft = this->draft(tenant, event, id, writer, destination);
  const std::string transaction = request_token();
  bool in_doubt = false;
  for (unsigned retry = 0;; ++retry) {
    const auto left = timing_.time_to_write(id, clock_.now());
    if (left.count() <= 0) break;
    auto answer = co_await table_.transact(draft.writes, transaction, left);
    if (answer) {
      if (!draft.complete) {
        auto done = co_await log_.finish(tenant, draft.writes.front().item);
        if (!done) co_return Error{ErrorCode::unavailable, done.error().message};
      }
      Stored stored;
      stored.now = true;
      co_return stored;
    }
    const auto kind = answer.error().kind;
    if (kind == CallError::Kind::condition_failed) {
      auto seen = co_await find_mine(tenant, id, draft.token);
      if (seen && (seen->now || seen->instead.state != Found::State::absent)) co_return seen;
      if (!seen && !in_doubt) co_return std::move(seen).error();
    } else if (kind == CallError::Kind::unknown) {
      in_doubt = true;
    } else if (kind != CallError::Kind::contended && kind != CallError::Kind::throttled) {
      if (!in_doubt) co_return to_error(answer.error());
      break;
    }
    // The client does not repeat transactions that were cancelled.
    const bool again = co_await table_.wait_to_retry(retry, timing_.time_to_write(id, clock_.now()));
    if (!again) break;
  }
  if (!in_doubt) co_return Error{ErrorCode::overloaded, "DynamoDB did not take an event in time"};
  auto seen = co_await find_mine(tenant, id, draft.token);
  if (seen && (seen->now || seen->instead.state != Found::State::absent)) co_return seen;
  co_return Error{ErrorCode::unavailable, "DynamoDB did not say in time whether it stored an event"};
}

Task<Result<Stored>> ManagedWriter::find_mine(const Tenant& tenant, EventId id, const std::string& token) {
  Stored stored;
  auto logged = co_await table_.get(layout::log_key(tenant, id));
  if (!logged) co_return to_error(logged.error());
  if (!logged->empty()) {
    if (logged->contains(LogItems::missing_entries)) {
      auto done = co_await log_.finish(tenant, *logged);
      if (!done) co_return std::move(done).error();
    }
    auto found = read_found(*logged, Found::State::logged);
    if (!found) co_return std::move(found).error();
    stored.now = found->there() && found->token == token;
    stored.instead = *std::move(found);
    co_return stored;
  }
  auto pending = co_await table_.get(layout::pending_key(tenant, default_inbox, id));
  if (!pending) co_return to_error(pending.error());
  if (pending->empty()) co_return stored;
  auto found = read_found(*pending, Found::State::pending);
  if (!found) co_return std::move(found).error();
  stored.instead = *std::move(found);
  co_return stored;
}

Task<Status> ManagedWriter::fence(const Tenant& tenant, EventId id) {
  std::vector<Write> writes;
  for (Item key : {layout::log_key(tenant, id), layout::pending_key(tenant, default_inbox, id)}) {
    writes.push_back(put_if_unused(fence_of(std::move(key), clock_.now())));
  }
  auto done = co_await table_.transact_until_known(std::move(writes));
  if (done || done.error().kind == CallError::Kind::condition_failed) co_return Done{};
  co_return to_error(done.error());
}

}  // namespace triggers::store::dynamo
