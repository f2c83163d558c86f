#include "store/dynamo/events/appender.h"

#include "store/content.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

using Outcome = Appended::Outcome;

/// A round ends only if another writer has won, so more rounds mean that something is wrong.
constexpr int rounds_max = 32;
/// With their pauses these take some four seconds. By then a writer that was between its claim and its event has ended,
/// or is fenced off.
constexpr unsigned waits_max = 12;

/// DynamoDB's limit, less the key (escaping may triple a tenant's name) and the names of the attributes.
constexpr std::size_t item_bytes_max = 400 * 1024 - 2'048;

std::size_t stored_bytes(const IncomingEvent& event) {
  return event.event_type.size() + event.payload.size() + event.source.value_or("").size() + event.metadata.size();
}

Error two_contents_of_one_digest() { return {ErrorCode::internal, "a claim by digest names another content"}; }
Error too_many_rounds() { return {ErrorCode::overloaded, "too many writers of the same event"}; }

Appended refused(StorageLimit limit) {
  Appended appended;
  appended.outcome = Outcome::no_room;
  appended.limit = limit;
  return appended;
}

bool same(const IncomingEvent& event, const Found& found) {
  return same_event(event, found.event.event_type, found.event.payload);
}

}  // namespace

EventId Appender::renew(const EventId& id) { return ids_.next(clock_.now(), layout::shard_of(id)); }

Task<Result<Appended>> Appender::append(const Tenant& tenant, const IncomingEvent& event, EventId id) {
  // Before anything is claimed for it.
  if (stored_bytes(event) > item_bytes_max) co_return to_error({CallError::Kind::too_large, "", {}});
  if (event.idempotency_key) co_return co_await append_by_key(tenant, event, id);
  if (windows_.dedup.count() > 0) co_return co_await append_by_content(tenant, event, id);
  co_return co_await append_plain(tenant, event, id);
}

Task<Result<Appended>> Appender::append_plain(const Tenant& tenant, const IncomingEvent& event, EventId id) {
  auto stored = co_await events_.store(tenant, event, id, Writer::first);
  if (!stored) co_return std::move(stored).error();
  if (stored->refused_by) co_return refused(*stored->refused_by);
  if (!stored->now) co_return Error{ErrorCode::internal, "an id was given twice"};
  co_return Appended{Outcome::accepted, id};
}

/// An event's content is claimed by its fingerprint, or, if that is another content's, by its digest.
class Appender::ContentKey {
 public:
  ContentKey(const Tenant& tenant, const IncomingEvent& event) : tenant_(tenant), event_(event) {}

  [[nodiscard]] Item item() const {
    return digest_ ? layout::digest_key(tenant_, *digest_) : layout::fingerprint_key(tenant_, event_.fingerprint);
  }
  [[nodiscard]] bool by_digest() const noexcept { return digest_.has_value(); }
  /// False if it is claimed by its digest already: then no other event can be in its way.
  bool collides() {
    if (digest_) return false;
    digest_ = content_digest(event_.event_type, event_.payload);
    return true;
  }

 private:
  const Tenant& tenant_;
  const IncomingEvent& event_;
  std::optional<ContentDigest> digest_;
};

Task<Result<std::optional<Claims::Holder>>> Appender::claim_content(const Tenant& tenant, const ContentKey& key,
                                                                    std::optional<Claims::Holder> fenced,
                                                                    Claims::Holder mine) {
  if (key.by_digest()) {
    // This comes first. A writer that finds the first content of the fingerprint past its window then knows of others.
    auto noted =
        co_await claims_.note_collision(layout::fingerprint_key(tenant, mine.fingerprint), mine.id, windows_.dedup);
    if (!noted) co_return std::move(noted).error();
  }
  co_return co_await claims_.claim(key.item(), fenced, mine, windows_.dedup);
}

Task<Result<Appended>> Appender::append_by_content(const Tenant& tenant, const IncomingEvent& event, EventId id) {
  ContentKey key(tenant, event);
  std::optional<Claims::Holder> fenced;
  for (int round = 0; round < rounds_max; ++round) {
    const Claims::Holder mine{id, event.fingerprint};
    auto held = co_await claim_content(tenant, key, fenced, mine);
    fenced.reset();
    if (!held) co_return std::move(held).error();
    if (*held) {
      const Claims::Holder& holder = **held;
      if (holder.lapsed && key.collides()) continue;
      const auto holding = co_await resolve_holder(tenant, event, holder);
      if (!holding) co_return holding.error();
      switch (holding->state) {
        case Holding::State::equal: co_return Appended{Outcome::duplicate, holder.id};
        case Holding::State::stored_now: co_return Appended{Outcome::accepted, holder.id};
        case Holding::State::refused: co_return refused(holding->refused_by);
        case Holding::State::different:
          if (!key.collides()) co_return two_contents_of_one_digest();
          break;
        case Holding::State::fenced:
          fenced = holder;
          id = renew(id);  // Its time has passed while it looked.
          break;
      }
      continue;
    }
    auto stored = co_await events_.store(tenant, event, id, Writer::first);
    if (!stored) co_return std::move(stored).error();
    if (stored->refused_by) co_return refused(*stored->refused_by);
    if (stored->now) co_return Appended{Outcome::accepted, id};
    if (stored->instead.there() && same(event, stored->instead)) co_return Appended{Outcome::duplicate, id};
    // Another writer has fenced the id off as too slow, or has stored there an event whose fingerprint collides with
    // ours; then it keeps this claim.
    if (stored->instead.there() && !key.collides()) co_return two_contents_of_one_digest();
    id = renew(id);
  }
  co_return too_many_rounds();
}

Task<Result<Appended>> Appender::append_by_key(const Tenant& tenant, const IncomingEvent& event, EventId id) {
  std::optional<Claims::Holder> fenced;
  for (int round = 0; round < rounds_max; ++round) {
    Item key = layout::idempotency_key(tenant, *event.idempotency_key);
    const Claims::Holder mine{id, event.fingerprint};
    auto held = co_await claims_.claim(std::move(key), fenced, mine, windows_.idempotency);
    fenced.reset();
    if (!held) co_return std::move(held).error();
    std::optional<Claims::Holder> holder = *held;
    if (!holder && windows_.dedup.count() > 0) {
      auto registered = co_await register_content(tenant, event, id);
      if (!registered) co_return std::move(registered).error();
      if (*registered) co_return refused(**registered);
      // That may have waited for another writer, until this one's own time was over.
      if (!events_.may_store(id)) holder = mine;
    }
    if (holder) {
      const auto holding = co_await resolve_holder(tenant, event, *holder);
      if (!holding) co_return holding.error();
      switch (holding->state) {
        case Holding::State::equal: co_return Appended{Outcome::duplicate, holder->id};
        case Holding::State::stored_now: co_return Appended{Outcome::accepted, holder->id};
        case Holding::State::refused: co_return refused(holding->refused_by);
        case Holding::State::different: co_return Appended{Outcome::idempotency_mismatch, holder->id};
        case Holding::State::fenced:
          fenced = holder;
          id = renew(id);
          break;
      }
      continue;
    }
    auto stored = co_await events_.store(tenant, event, id, Writer::first);
    if (!stored) co_return std::move(stored).error();
    if (stored->refused_by) co_return refused(*stored->refused_by);
    if (stored->now) co_return Appended{Outcome::accepted, id};
    if (stored->instead.there()) {
      co_return Appended{same(event, stored->instead) ? Outcome::duplicate : Outcome::idempotency_mismatch, id};
    }
    id = renew(id);
  }
  co_return too_many_rounds();
}

Task<Result<std::optional<StorageLimit>>> Appender::register_content(const Tenant& tenant, const IncomingEvent& event,
                                                                     EventId id) {
  std::optional<StorageLimit> none;
  ContentKey key(tenant, event);
  std::optional<Claims::Holder> fenced;
  unsigned waits = 0;
  for (int round = 0; round < rounds_max; ++round) {
    const Claims::Holder mine{id, event.fingerprint};
    auto held = co_await claim_content(tenant, key, fenced, mine);
    fenced.reset();
    if (!held) co_return std::move(held).error();
    if (!*held) co_return none;
    const Claims::Holder holder = **held;
    if (holder.lapsed && key.collides()) continue;
    const auto first = co_await events_.find(tenant, holder.id);
    if (!first) co_return first.error();
    if (first->there() && same(event, *first)) {
      auto done = co_await claims_.prolong(key.item(), holder.id, id, windows_.dedup);
      if (!done) co_return std::move(done).error();
      co_return none;
    }
    if (first->there()) {
      if (!key.collides()) co_return two_contents_of_one_digest();
    } else if (first->state == Found::State::fenced) {
      fenced = holder;
    } else if (events_.may_finish(holder.id)) {
      // Another event is on its way in. Its own sender may still be refused, so it is not ours to finish. If this event
      // stays unregistered, a later equal event without a key is not found to be its duplicate.
      bool again = waits < waits_max;
      if (again) again = co_await events_.wait_to_find_again(waits++);
      if (!again) co_return none;
    } else {
      auto fenced_off = co_await fence_unless_refused(tenant, event, holder.id);
      if (!fenced_off || *fenced_off) co_return fenced_off;
    }
  }
  co_return none;
}

Task<Result<std::optional<StorageLimit>>> Appender::fence_unless_refused(const Tenant& tenant,
                                                                         const IncomingEvent& event, EventId id) {
  // A claim without an event is mostly that of an event that was refused. Its repetitions leave no fences.
  auto limit = co_await events_.refused_by(tenant, event);
  if (!limit || *limit) co_return limit;
  auto done = co_await events_.fence(tenant, id);
  if (!done) co_return std::move(done).error();
  co_return limit;
}

Task<Result<Appender::Holding>> Appender::resolve_holder(const Tenant& tenant, const IncomingEvent& event,
                                                         Claims::Holder holder) {
  Holding holding;
  unsigned waits = 0;
  for (int round = 0; round < rounds_max; ++round) {
    auto found = co_await events_.find(tenant, holder.id);
    if (!found) co_return std::move(found).error();
    if (found->there()) {
      holding.state = same(event, *found) ? Holding::State::equal : Holding::State::different;
      co_return holding;
    }
    if (found->state == Found::State::fenced) co_return holding;
    if (!events_.may_finish(holder.id)) {
      // Its writer is gone or slow. If the event is written before the fence nevertheless, the next find() sees it.
      const auto limit = co_await fence_unless_refused(tenant, event, holder.id);
      if (!limit) co_return limit.error();
      if (!*limit) continue;
      holding.state = Holding::State::refused;
      holding.refused_by = **limit;
      co_return holding;
    }
    if (holder.fingerprint != event.fingerprint) {
      // Another event with this idempotency key, on its way in: it counts only once it is there.
      bool again = waits < waits_max;
      if (again) again = co_await events_.wait_to_find_again(waits++);
      if (!again) co_return Error{ErrorCode::overloaded, "another event with the same idempotency key is on its way"};
      continue;
    }
    // Its writer is between claim and event. The event is the same as ours, or its fingerprint collides: then its
    // writer finds ours there and takes another id.
    auto stored = co_await events_.store(tenant, event, holder.id, Writer::helper);
    if (!stored) co_return std::move(stored).error();
    if (stored->refused_by) {
      holding.state = Holding::State::refused;
      holding.refused_by = *stored->refused_by;
      co_return holding;
    }
    if (stored->now) {
      holding.state = Holding::State::stored_now;
      co_return holding;
    }
  }
  co_return too_many_rounds();
}

}  // namespace triggers::store::dynamo
