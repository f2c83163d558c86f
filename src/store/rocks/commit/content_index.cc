#include "store/rocks/commit/content_index.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "store/rocks/format/event_record.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {
void ContentIndex::begin(UnixMillis now) {
  now_ = now;
  slots_.clear();
  fingerprints_.clear();
  digests_.clear();
  undo_.clear();
  reads_ = 0;
}

Result<ContentIndex::Lookup> ContentIndex::find(const Inbox& inbox, ComparedEvent& incoming) {
  const auto first = by_fingerprint(inbox, incoming.event().fingerprint);
  if (!first) return first.error();
  Lookup lookup{.equal = {}, .by_fingerprint = *first};
  if (slots_[*first].entry.first) {
    const auto same = has_content_of(inbox, slots_[*first], incoming);
    if (!same) return same.error();
    if (!*same) {
      lookup.undecided = Undecided{};
      if (!slots_[*first].digest) lookup.undecided->against = slots_[*first].entry.first;
      return lookup;
    }
    if (**same) lookup.equal = slots_[*first].entry.first;
  }
  const Slot& slot = slots_[*first];
  if (lookup.equal || (!slot.entry.first && !slot.entry.collided)) return lookup;

  const auto& digest = incoming.digest();
  if (!digest) {
    lookup.undecided = Undecided{};
    return lookup;
  }
  const auto second = by_digest(inbox, *digest);
  if (!second) return second.error();
  lookup.by_digest = *second;
  lookup.equal = slots_[*second].entry.first;
  return lookup;
}

Result<std::size_t> ContentIndex::by_fingerprint(const Inbox& inbox, const event::Fingerprint& fingerprint) {
  const Key key{&inbox, fingerprint};
  if (const auto found = fingerprints_.find(key); found != fingerprints_.end()) return found->second;
  auto loaded = load(layout::dedup_key(seed_, inbox.tenant(), fingerprint));
  if (loaded) fingerprints_.emplace(key, *loaded);
  return loaded;
}

Result<std::size_t> ContentIndex::by_digest(const Inbox& inbox, const ContentDigest& digest) {
  std::string key = layout::dedup_key(seed_, inbox.tenant(), store::view(digest));
  if (const auto found = digests_.find(key); found != digests_.end()) return found->second;
  auto loaded = load(key);
  if (!loaded) return loaded;
  slots_[*loaded].digest = digest;
  digests_.emplace(std::move(key), *loaded);
  return loaded;
}

Result<std::size_t> ContentIndex::load(std::string key) {
  rocksdb::PinnableSlice value;
  ++reads_;
  const auto found = database_.get(Family::dedup, key, value);
  if (!found) return found.error();
  Slot& slot = slots_.emplace_back();
  slot.key = std::move(key);
  if (*found) {
    slot.entry = decode_dedup(view(value), [this](const EventId& id) { return now_ - id.time() < window_; });
  }
  return slots_.size() - 1;
}

Result<ContentIndex::Same> ContentIndex::has_content_of(const Inbox& inbox, Slot& slot, ComparedEvent& incoming) {
  if (slot.text != nullptr && incoming.same_text(slot.text->event_type, slot.text->payload)) return Same{true};
  if (!slot.digest) slot.digest = stored_digests_.get(*slot.entry.first);
  if (!slot.digest && slot.text == nullptr) return stored_is_same(inbox, slot, incoming);
  if (!slot.digest) slot.digest = incoming.digest_of(slot.text->event_type, slot.text->payload);
  if (!slot.digest || !incoming.digest()) return Same{};
  return Same{*slot.digest == *incoming.digest()};
}

Result<ContentIndex::Same> ContentIndex::stored_is_same(const Inbox& inbox, Slot& slot, ComparedEvent& incoming) {
  rocksdb::PinnableSlice stored;
  ++reads_;
  const EventId id = *slot.entry.first;
  const auto found = database_.get(Family::events, layout::event_key(inbox.tenant(), id), stored);
  if (!found) return found.error();
  if (!*found) {
    // Acknowledged and expired, within a window that is longer than events live.
    const bool last = slot.entry.newest == slot.entry.first;
    slot.entry.first = last ? std::nullopt : slot.entry.newest;
    if (!last) return stored_is_same(inbox, slot, incoming);
    slot.entry.newest.reset();
    return Same{false};
  }
  const auto record = decode_record(view(stored));
  if (!record) return database_.unreadable("the event " + id.text() + " of " + inbox.tenant());
  if (incoming.same_text(record->event_type, record->payload)) {
    slot.text = &incoming.event();
    return Same{true};
  }
  slot.digest = incoming.digest_of(record->event_type, record->payload);
  if (!slot.digest) return Same{};
  stored_digests_.put(id, *slot.digest);
  if (!incoming.digest()) return Same{};
  return Same{*slot.digest == *incoming.digest()};
}

void ContentIndex::add(const Lookup& lookup, const IncomingEvent& event, const EventId& id) {
  const std::size_t target = lookup.by_digest.value_or(lookup.by_fingerprint);
  change(target);
  Slot& slot = slots_[target];
  if (!slot.entry.first) {
    slot.entry.first = id;
    slot.text = &event;
  }
  slot.entry.newest = id;
  if (!lookup.by_digest) return;
  change(lookup.by_fingerprint);
  slots_[lookup.by_fingerprint].entry.collided = id;
}

void ContentIndex::change(std::size_t index) {
  Slot& slot = slots_[index];
  undo_.push_back({index, slot.entry, slot.text, slot.changed});
  slot.changed = true;
}

void ContentIndex::undo() noexcept {
  for (auto change = undo_.rbegin(); change != undo_.rend(); ++change) {
    Slot& slot = slots_[change->slot];
    // The digest belongs to the text of an event that is undone.
    if (slot.entry.first != change->entry.first) slot.digest.reset();
    slot.entry = change->entry;
    slot.text = change->text;
    slot.changed = change->changed;
  }
  undo_.clear();
}

void ContentIndex::put(rocksdb::WriteBatch& batch) {
  for (const Slot& slot : slots_) {
    if (slot.changed) batch.Put(database_.family(Family::dedup), slot.key, slot.entry.encode());
  }
}

}  // namespace triggers::store
