#include "store/dynamo/appender.h"

#include "base/random.h"
#include "store/content.h"
#include "store/dynamo/layout.h"

namespace triggers::store::dynamo {
namespace {

using Outcome = Appended::Outcome;

/// Every round ends because another writer has won something, so more means that something is wrong.
constexpr int rounds_max = 32;
constexpr unsigned slots_max = 256;
const std::string first_writer;  ///< Leaves no token.

/// DynamoDB's limit, less the key (a tenant's name may take three times its bytes) and the names of the attributes.
constexpr std::size_t item_bytes_max = 400 * 1024 - 2'048;

std::size_t stored_bytes(const Append& event) {
  return event.event_type.size() + event.payload.size() + event.source.value_or("").size() + event.metadata.size();
}

Error too_many_rounds() { return {ErrorCode::overloaded, "too many writers of the same event"}; }

std::string new_token() {
  const std::uint64_t number = random_u64();
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

bool same(const Append& event, const Found& found) {
  return same_event(event, found.event.event_type, found.event.payload);
}

}  // namespace

EventId Appender::renew(const EventId& id) { return ids_.next(clock_.now(), layout::shard_of(id)); }

Task<Result<Appended>> Appender::append(const Tenant& tenant, const Append& event, EventId id) {
  // Before anything is claimed for it.
  if (stored_bytes(event) > item_bytes_max) co_return to_error({CallError::Kind::too_large, "", {}});
  if (event.idempotency_key) co_return co_await append_by_key(tenant, event, id);
  if (windows_.dedup.count() > 0) co_return co_await append_by_content(tenant, event, id);
  co_return co_await append_plain(tenant, event, id);
}

Task<Result<Appended>> Appender::append_plain(const Tenant& tenant, const Append& event, EventId id) {
  auto stored = co_await events_.store(tenant, event, id, first_writer);
  if (!stored) co_return std::move(stored).error();
  if (!stored->now) co_return Error{ErrorCode::internal, "an id was given twice"};
  co_return Appended{Outcome::accepted, id};
}

Task<Result<Appended>> Appender::append_by_content(const Tenant& tenant, const Append& event, EventId id) {
  unsigned slot = 0;
  std::optional<EventId> fenced;
  for (int round = 0; round < rounds_max && slot < slots_max;) {
    Item key = layout::fingerprint_key(tenant, event.fingerprint, slot);
    const Claims::Holder mine{id, event.fingerprint};
    auto held = co_await claims_.claim(std::move(key), fenced, mine, windows_.dedup);
    fenced.reset();
    if (!held) co_return std::move(held).error();
    if (*held) {
      const auto holding = co_await settle(tenant, event, **held);
      if (!holding) co_return holding.error();
      switch (holding->state) {
        case Holding::State::equal: co_return Appended{Outcome::duplicate, (*held)->id};
        case Holding::State::stored_now: co_return Appended{Outcome::accepted, (*held)->id};
        case Holding::State::different: ++slot; break;  // Fingerprints collide.
        case Holding::State::fenced:
          fenced = (*held)->id;
          ++round;
          break;
      }
      continue;
    }
    auto stored = co_await events_.store(tenant, event, id, first_writer);
    if (!stored) co_return std::move(stored).error();
    if (stored->now) co_return Appended{Outcome::accepted, id};
    if (stored->instead.there() && same(event, stored->instead)) co_return Appended{Outcome::duplicate, id};
    // Fenced off as too slow; or finished by one whose fingerprint collides with ours, and who keeps this slot.
    if (stored->instead.there()) ++slot;
    id = renew(id);
    ++round;
  }
  co_return too_many_rounds();
}

Task<Result<Appended>> Appender::append_by_key(const Tenant& tenant, const Append& event, EventId id) {
  std::optional<EventId> fenced;
  for (int round = 0; round < rounds_max; ++round) {
    Item key = layout::idempotency_key(tenant, *event.idempotency_key);
    const Claims::Holder mine{id, event.fingerprint};
    auto held = co_await claims_.claim(std::move(key), fenced, mine, windows_.idempotency);
    fenced.reset();
    if (!held) co_return std::move(held).error();
    if (*held) {
      const auto holding = co_await settle(tenant, event, **held);
      if (!holding) co_return holding.error();
      switch (holding->state) {
        case Holding::State::equal: co_return Appended{Outcome::duplicate, (*held)->id};
        case Holding::State::stored_now: co_return Appended{Outcome::accepted, (*held)->id};
        case Holding::State::different: co_return Appended{Outcome::idempotency_mismatch, (*held)->id};
        case Holding::State::fenced: fenced = (*held)->id; break;
      }
      continue;
    }
    if (windows_.dedup.count() > 0) {
      auto registered = co_await register_content(tenant, event, id);
      if (!registered) co_return std::move(registered).error();
    }
    auto stored = co_await events_.store(tenant, event, id, first_writer);
    if (!stored) co_return std::move(stored).error();
    if (stored->now) co_return Appended{Outcome::accepted, id};
    if (stored->instead.there()) {
      co_return Appended{same(event, stored->instead) ? Outcome::duplicate : Outcome::idempotency_mismatch, id};
    }
    id = renew(id);
  }
  co_return too_many_rounds();
}

Task<Status> Appender::register_content(const Tenant& tenant, const Append& event, EventId id) {
  for (unsigned slot = 0; slot < slots_max; ++slot) {
    const Claims::Holder mine{id, event.fingerprint};
    auto held = co_await claims_.claim(layout::fingerprint_key(tenant, event.fingerprint, slot), std::nullopt, mine,
                                       windows_.dedup);
    if (!held) co_return std::move(held).error();
    if (!*held) co_return Done{};
    const auto first = co_await events_.find(tenant, (*held)->id);
    if (!first) co_return first.error();
    // An event that is on its way in cannot be compared; most likely it is equal. Otherwise the worst is that an equal
    // one without a key is not found to be a duplicate of this one.
    if (!first->there() || same(event, *first)) co_return Done{};
  }
  co_return Done{};
}

Task<Result<Appender::Holding>> Appender::settle(const Tenant& tenant, const Append& event, Claims::Holder holder) {
  Holding holding;
  for (int round = 0; round < rounds_max; ++round) {
    auto found = co_await events_.find(tenant, holder.id);
    if (!found) co_return std::move(found).error();
    if (found->there()) {
      holding.state = same(event, *found) ? Holding::State::equal : Holding::State::different;
      co_return holding;
    }
    if (found->state == Found::State::fenced) co_return holding;
    if (!events_.may_finish(holder.id)) {
      // Its writer is gone, or slow. If the event comes after all before the fence, the next look finds it.
      auto done = co_await events_.fence(tenant, holder.id);
      if (!done) co_return std::move(done).error();
      continue;
    }
    if (holder.fingerprint != event.fingerprint) {
      holding.state = Holding::State::different;
      co_return holding;
    }
    // Its writer is between claim and event. The event is the same as ours, or its fingerprint collides: then its
    // writer finds ours there and takes another id.
    auto stored = co_await events_.store(tenant, event, holder.id, new_token());
    if (!stored) co_return std::move(stored).error();
    if (stored->now) {
      holding.state = Holding::State::stored_now;
      co_return holding;
    }
  }
  co_return too_many_rounds();
}

}  // namespace triggers::store::dynamo
