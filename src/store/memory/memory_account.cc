#include "store/memory/memory_account.h"

#include <algorithm>
#include <utility>

#include "base/invariant.h"

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

Result<Appended> MemoryAccount::append(const IncomingEvent& event, UnixMillis now, Uuid7Generator& ids) {
  if (const auto known = known_by_key(event, now)) return *known;
  const bool dedup = config_.dedup_window.count() > 0;
  // By its digest, whatever its fingerprint: two contents never share an entry.
  const auto digest = dedup ? content_digest(event.event_type, event.payload) : ContentDigest{};
  const auto first = dedup ? first_known(digest, now) : std::nullopt;
  if (first && !event.idempotency_key) return Appended{Appended::Outcome::duplicate, *first};
  const auto taking = takers(event);
  if (!taking) return taking.error();
  if (const auto limit = refuses(event, taking->size())) {
    return Appended{.outcome = Appended::Outcome::no_room, .limit = *limit};
  }
  const EventId id = ids.next(now);
  for (MemoryInbox* inbox : *taking) inbox->records.emplace(id, inbox::Record::fresh());
  events_.emplace(id, LoggedEvent{stored(id, event), id.time()});
  if (dedup) by_content_[digest] = {first.value_or(id), id};
  if (event.idempotency_key) by_idempotency_key_[std::string{*event.idempotency_key}] = {id, event.fingerprint};
  return Appended{Appended::Outcome::accepted, id};
}

Result<std::vector<MemoryInbox*>> MemoryAccount::takers(const IncomingEvent& event) {
  if (!routes_) return std::vector{&inboxes_.at(InboxName())};
  const auto takers = routes_->takers(filtered(event));
  if (!takers) return takers.error();
  std::vector<MemoryInbox*> taking;
  std::size_t position = 0;
  for (auto& [name, inbox] : inboxes_) {
    if ((*takers)[position++]) taking.push_back(&inbox);
  }
  return taking;
}

std::optional<StorageLimit> MemoryAccount::refuses(const IncomingEvent& event, std::size_t takers) const {
  const TenantLimits& limits = config_.tenant_limits;
  if (!limits.any()) return std::nullopt;
  std::uint64_t bytes = stored_bytes(event.event_type, event.source, event.payload, event.metadata);
  for (const auto& [id, logged] : events_) {
    const StoredEvent& one = logged.event;
    bytes += stored_bytes(one.event_type, one.source, one.payload, one.metadata);
  }
  if (limits.bytes_max > 0 && bytes > limits.bytes_max) return StorageLimit::tenant_bytes;
  std::size_t undelivered = takers;
  for (const auto& [name, inbox] : inboxes_) {
    undelivered += static_cast<std::size_t>(std::ranges::count_if(inbox.records, [](const auto& one) {
      return one.second.entry && one.second.entry->state != EntryState::dead;
    }));
  }
  const bool full = limits.undelivered_max > 0 && takers > 0 && undelivered > limits.undelivered_max;
  return full ? std::optional{StorageLimit::tenant_undelivered} : std::nullopt;
}

std::size_t MemoryAccount::tracked() const {
  std::size_t count = 0;
  for (const auto& [name, inbox] : inboxes_) {
    for (const auto& [id, record] : inbox.records) {
      if (record.entry && id <= inbox.leased_to) ++count;
    }
  }
  return count;
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
    event = events_.erase(event);
    ++removed;
  }
  return removed;
}

MemoryInbox* MemoryAccount::find(const InboxName& name) {
  const auto found = inboxes_.find(name);
  return found == inboxes_.end() ? nullptr : &found->second;
}

InboxRecords MemoryAccount::records() const {
  InboxRecords records;
  for (const auto& [name, inbox] : inboxes_) records.emplace(name, inbox.record);
  return records;
}

Result<PutInbox> MemoryAccount::put_inbox(const InboxName& name, const inbox::Settings& settings,
                                          const std::optional<InboxTag>& if_match, std::uint64_t number,
                                          UnixMillis now) {
  auto change = store::put_inbox(records(), name, settings, if_match, number, now);
  if (!change) return std::move(change).error();
  return store(*std::move(change));
}

Result<PutInbox> MemoryAccount::change_inbox(const InboxName& name, const SettingsChange& change,
                                             const std::optional<InboxTag>& if_match, UnixMillis now) {
  auto decided = store::change_inbox(records(), name, change, if_match, now);
  if (!decided) return std::move(decided).error();
  return store(*std::move(decided));
}

PutInbox MemoryAccount::store(InboxChange change) {
  if (change.routes) {
    inboxes_[change.answer.inbox.name].record = change.answer.inbox;
    routes_ = std::move(change.routes);
  }
  return std::move(change.answer);
}

Result<bool> MemoryAccount::remove_inbox(const InboxName& name, const std::optional<InboxTag>& if_match,
                                         UnixMillis now) {
  auto may = may_remove_inbox(records(), name, if_match);
  if (!may || !*may) return may;
  const auto removed = inboxes_.extract(name);
  if (const auto& waiters = removed.mapped().waiters) waiters->close();
  std::vector<InboxRecord> left;
  left.reserve(inboxes_.size());
  for (const auto& [other, inbox] : inboxes_) left.push_back(inbox.record);
  auto routes = Routes::make(left);
  INVARIANT(routes.ok(), "fewer filters do not fit together");
  routes_ = *std::move(routes);
  for (const auto& [id, record] : removed.mapped().records) {
    if (record.entry) left_an_inbox(id, now);
  }
  return true;
}

void MemoryAccount::tell_readers() {
  for (auto& [name, inbox] : inboxes_) {
    if (!inbox.waiters) continue;
    std::set<EventId> available;
    for (const auto& [id, record] : inbox.records) {
      if (record.entry && record.entry->state == EntryState::available) available.insert(id);
    }
    const bool gained = !std::ranges::includes(inbox.available, available);
    inbox.available = std::move(available);
    if (gained) {
      inbox.waiters->became_available(inbox.available.size());
    } else {
      inbox.waiters->now_available(inbox.available.size());
    }
  }
}

std::vector<EventId> MemoryAccount::accepted_between(UnixMillis since, UnixMillis until, UnixMillis now) const {
  std::vector<EventId> ids;
  for (const auto& [id, logged] : events_) {
    if (id.time() >= since && id.time() < until && !expired(logged, now)) ids.push_back(id);
  }
  return ids;
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

}  // namespace triggers::store
