#include "store/rocks/commit/replay_index.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "store/rocks/database/stored_record.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
namespace {

using Outcome = Appended::Outcome;

/// A small event is hashed rather than compared with a stored one, which may be large and must be read.
constexpr std::size_t hashed_sooner_than_read_bytes = 4096;

Appended answer(bool same, const EventId& first) {
  return {same ? Outcome::duplicate : Outcome::idempotency_mismatch, first};
}

/// `digest`: of the first event; nothing if it could not be made.
ReplayIndex::Seen seen(const std::optional<ContentDigest>& digest, ComparedEvent& incoming, const EventId& first) {
  if (!digest) return {std::nullopt, Undecided{first}};
  if (!incoming.digest()) return {std::nullopt, Undecided{}};
  return {answer(*digest == *incoming.digest(), first)};
}

}  // namespace

void ReplayIndex::begin(UnixMillis now) {
  now_ = now;
  by_key_.clear();
  added_.clear();
  kept_ = reads_ = 0;
}

Result<ReplayIndex::Seen> ReplayIndex::find(const std::string& key, const std::string& tenant,
                                            ComparedEvent& incoming) {
  const auto here = by_key_.find(key);
  if (here == by_key_.end()) return find_stored(key, tenant, incoming);
  Added& first = *here->second;
  if (incoming.same_text(first.event->event_type, first.event->payload)) return Seen{answer(true, first.id)};
  if (!first.digest) first.digest = incoming.digest_of(first.event->event_type, first.event->payload);
  return seen(first.digest, incoming, first.id);
}

Result<ReplayIndex::Seen> ReplayIndex::find_stored(const std::string& key, const std::string& tenant,
                                                   ComparedEvent& incoming) {
  rocksdb::PinnableSlice value;
  ++reads_;
  const auto found = database_.get(Family::idempotency, key, value);
  if (!found) return found.error();
  if (!*found) return Seen{};
  if (value.size() != 32) return database_.unreadable("an idempotency entry of " + tenant);
  const auto first = EventId::from_bytes(view(value).substr(0, 16));
  if (now_ - first.time() >= window_) return Seen{};
  if (incoming.event().payload.size() <= hashed_sooner_than_read_bytes) {
    if (const auto digest = stored_digests_.get(first)) return seen(digest, incoming, first);
  }

  rocksdb::PinnableSlice stored;
  ++reads_;
  const auto found_record = read_record(database_, tenant, first, stored);
  if (!found_record) return found_record.error();
  if (!*found_record) {
    // Acknowledged and expired since: the fingerprint is all that is left of it.
    const auto print = view(value).substr(16);
    const event::Fingerprint fingerprint{layout::read_u64(print.substr(0, 8)), layout::read_u64(print.substr(8))};
    return Seen{answer(incoming.event().fingerprint == fingerprint, first)};
  }
  const EventRecord& record = **found_record;
  if (incoming.same_text(record.event_type, record.payload)) return Seen{answer(true, first)};
  auto digest = stored_digests_.get(first);
  if (!digest) {
    digest = incoming.digest_of(record.event_type, record.payload);
    if (digest) stored_digests_.put(first, *digest);
  }
  return seen(digest, incoming, first);
}

void ReplayIndex::add(std::string key, const IncomingEvent& event, const EventId& id, rocksdb::WriteBatch& batch) {
  std::string entry{id.view()};
  layout::append_u64(entry, event.fingerprint.high);
  layout::append_u64(entry, event.fingerprint.low);
  batch.Put(database_.family(Family::idempotency), key, entry);
  Added& added = added_.emplace_back(Added{std::move(key), id, &event});
  by_key_.emplace(added.key, &added);
}

void ReplayIndex::undo() noexcept {
  for (; added_.size() > kept_; added_.pop_back()) {
    const auto found = by_key_.find(added_.back().key);
    if (found != by_key_.end() && found->second == &added_.back()) by_key_.erase(found);
  }
}

}  // namespace triggers::store
