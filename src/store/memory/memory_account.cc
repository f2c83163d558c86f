#include "store/memory/memory_account.h"

#include <algorithm>
#include <utility>

namespace triggers::store {
namespace {

bool has_entry(const MemoryInbox& inbox, const EventId& id) {
  const auto found = inbox.records.find(id);
  return found != inbox.records.end() && found->second.entry;
}

StoredEvent stored(const EventId& id, const IncomingEvent& event) {
  StoredEvent stored{id, std::string{event.event_type}, std::string{event.payload},
                     {}, std::string{event.metadata},   {}};
  if (event.source) stored.source = *event.source;
  return stored;
}

}  // namespace

Appended MemoryAccount::append(const IncomingEvent& event, UnixMillis now, Uuid7Generator& ids) {
  if (const auto known = known_by_key(event, now)) return *known;
  const bool dedup = config_.dedup_window.count() > 0;
  // By its digest, whatever its fingerprint: two contents never share an entry.
  const auto digest = dedup ? content_digest(event.event_type, event.payload) : ContentDigest{};
  const auto first = dedup ? first_known(digest, now) : std::nullopt;
  if (first && !event.idempotency_key) return {Appended::Outcome::duplicate, *first};
  const EventId id = ids.next(now);
  events_.emplace(id, LoggedEvent{stored(id, event), id.time()});
  for (auto& [name, inbox] : inboxes_) inbox.records.emplace(id, inbox::Record::fresh());
  if (dedup) by_content_[digest] = {first.value_or(id), id};
  if (event.idempotency_key) by_idempotency_key_[std::string{*event.idempotency_key}] = {id, event.fingerprint};
  return {Appended::Outcome::accepted, id};
}

std::optional<Appended> MemoryAccount::known_by_key(const IncomingEvent& event, UnixMillis now) const {
  if (!event.idempotency_key) return std::nullopt;
  const auto seen = by_idempotency_key_.find(std::string{*event.idempotency_key});
  if (seen == by_idempotency_key_.end()) return std::nullopt;
  const auto& [first, fingerprint] = seen->second;
  if (now - first.time() >= config_.idempotency_window) return std::nullopt;
  const auto found = events_.find(first);
  const bool same = found != events_.end()
                        ? same_event(event, found->second.event.event_type, found->second.event.payload)
                        : event.fingerprint == fingerprint;
  return Appended{same ? Appended::Outcome::duplicate : Appended::Outcome::idempotency_mismatch, first};
}

std::optional<EventId> MemoryAccount::first_known(const ContentDigest& digest, UnixMillis now) const {
  const auto known = by_content_.find(digest);
  if (known == by_content_.end()) return std::nullopt;
  for (const EventId& id : {known->second.first, known->second.newest}) {
    if (now - id.time() < config_.dedup_window) return id;
  }
  return std::nullopt;
}

std::optional<StoredEvent> MemoryAccount::get(const EventId& id, UnixMillis now) const {
  const auto found = events_.find(id);
  if (found == events_.end() || expired(found->second, now)) return std::nullopt;
  return found->second.event;
}

std::size_t MemoryAccount::sweep(std::size_t events_max, UnixMillis now) {
  std::size_t removed = 0;
  for (auto event = events_.begin(); event != events_.end() && removed < events_max;) {
    if (!expired(event->second, now)) {
      ++event;
      continue;
    }
    erase_traces(event->first);
    event = events_.erase(event);
    ++removed;
  }
  return removed;
}

MemoryInbox* MemoryAccount::find(const InboxName& name) {
  const auto found = inboxes_.find(name);
  return found == inboxes_.end() ? nullptr : &found->second;
}

void MemoryAccount::set_acknowledged_at(const EventId& id, std::optional<UnixMillis> at) {
  events_.at(id).event.acknowledged_at = at;
}

void MemoryAccount::left_an_inbox(const EventId& id, UnixMillis now) {
  if (!held(id)) events_.at(id).freed_at = now;
}

bool MemoryAccount::held(const EventId& id) const {
  return std::ranges::any_of(inboxes_, [&](const auto& inbox) { return has_entry(inbox.second, id); });
}

bool MemoryAccount::expired(const LoggedEvent& logged, UnixMillis now) const {
  return now - logged.freed_at >= config_.event_ttl && !held(logged.event.id);
}

void MemoryAccount::erase_traces(const EventId& id) {
  for (auto& [name, inbox] : inboxes_) inbox.records.erase(id);
}

}  // namespace triggers::store
