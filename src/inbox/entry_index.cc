#include "inbox/entry_index.h"

#include <algorithm>
#include <utility>

namespace triggers::inbox {
namespace {

std::uint64_t to_ms(UnixMillis time) noexcept { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }

EntryState state_of(const Slot& slot) noexcept { return static_cast<EntryState>(slot.state); }

}  // namespace

void EntryIndex::restore(const EventId& id, const Entry& entry, UnixMillis now) {
  insert(id, resume(entry, now));
  fresh_after_ = std::max(fresh_after_, id);
}

void EntryIndex::restored(std::uint64_t undelivered, const EventId& fresh_after) {
  fresh_after_ = std::max(fresh_after_, fresh_after);
  const std::uint64_t known = counts().undelivered() - fresh_;
  INVARIANT(undelivered >= known, "the store counts %llu undelivered entries, and %llu have records",
            static_cast<unsigned long long>(undelivered), static_cast<unsigned long long>(known));
  fresh_ = undelivered - known;
}

bool EntryIndex::accept(const EventId& id) {
  if (id > fresh_after_) {
    ++fresh_;
    return false;
  }
  insert(id, Entry{});
  return true;
}

std::optional<IndexedEntry> EntryIndex::find(const EventId& id) const {
  const auto handle = handle_of(id);
  if (!handle) return std::nullopt;
  return entry_of(pool_[*handle]);
}

void EntryIndex::update(const EventId& id, const Entry& entry) {
  const auto handle = handle_of(id);
  INVARIANT(handle, "an entry without a slot is updated");
  unlink(*handle);
  write(*handle, entry);
  link(*handle);
}

void EntryIndex::remove(const EventId& id) {
  if (const auto handle = handle_of(id)) {
    release(*handle);
    return;
  }
  INVARIANT(id > fresh_after_ && fresh_ != 0, "an entry that is not in the inbox is removed");
  --fresh_;
}

std::vector<LeasedEntry> EntryIndex::lease(std::span<const EventId> fresh, std::size_t limit, const LeaseId& lease,
                                           std::chrono::seconds duration, UnixMillis now) {
  const auto due = next_due();
  INVARIANT(!due || *due > now, "entries are leased while the end of another is due");
  std::vector<LeasedEntry> leased;
  leased.reserve(std::min(limit, in_state(EntryState::available).size() + fresh.size()));
  for (const EventId& id : page(EntryState::available, std::nullopt, limit)) {
    const IndexedEntry known = *find(id);
    const auto entry = inbox::lease(known.entry, lease, duration, rules_, now);
    INVARIANT(entry, "an entry in the order of the available is not available");
    // The index knows whether there is a last error, but not its text.
    Entry marked = *entry;
    if (known.failed) marked.last_failure.emplace();
    update(id, marked);
    leased.push_back({id, *entry, known.failed});
  }
  for (const EventId& id : fresh) {
    if (leased.size() == limit) break;
    INVARIANT(id > fresh_after_ && fresh_ != 0, "an entry that is not fresh is leased as a fresh one");
    const auto entry = inbox::lease(Entry{}, lease, duration, rules_, now);
    INVARIANT(entry, "a fresh entry is not available");
    insert(id, *entry);
    fresh_after_ = id;
    --fresh_;
    leased.push_back({id, *entry, false});
  }
  return leased;
}

std::vector<EventId> EntryIndex::held_by(const LeaseId& lease) const {
  std::vector<EventId> held;
  leases_.walk({lease, {}}, [&](Handle handle) {
    if (pool_[handle].lease != lease) return false;
    held.push_back(pool_[handle].id);
    return true;
  });
  return held;
}

std::vector<EventId> EntryIndex::page(EntryState state, const std::optional<EventId>& after, std::size_t limit) const {
  std::vector<EventId> ids;
  if (limit == 0) return ids;
  in_state(state).walk(after.value_or(EventId{}), [&](Handle handle) {
    if (pool_[handle].id != after) ids.push_back(pool_[handle].id);
    return ids.size() != limit;
  });
  return ids;
}

std::vector<Ended> EntryIndex::advance(UnixMillis now, std::size_t limit) {
  std::vector<Ended> ended;
  while (ended.size() != limit) {
    const auto one = end_one(now);
    if (!one) break;
    ended.push_back(*one);
  }
  return ended;
}

std::optional<Ended> EntryIndex::end_one(UnixMillis now) {
  std::optional<Handle> handle = endings_.top();
  if (!handle || at(*handle) > now) handle = attempts_used_up() ? attempts_.top() : std::nullopt;
  if (handle) {
    const Slot& slot = pool_[*handle];
    const EventId id = slot.id;
    const bool leased = state_of(slot) == EntryState::leased;
    const IndexedEntry known = entry_of(slot);
    Entry entry = settle(known.entry, rules_.max_attempts, now);
    const bool died = entry.state == EntryState::dead;
    if (known.failed) entry.last_failure.emplace();
    unlink(*handle);
    write(*handle, entry);
    link(*handle);
    return Ended{id, died ? Ended::What::died : Ended::What::available, leased, entry.since};
  }
  const auto oldest_death = deaths_.top();
  if (!oldest_death || at(*oldest_death) + rules_.dead_retention > now) return std::nullopt;
  const EventId id = pool_[*oldest_death].id;
  release(*oldest_death);
  return Ended{id, Ended::What::expired};
}

std::optional<UnixMillis> EntryIndex::next_due() const {
  if (attempts_used_up()) return UnixMillis{};
  std::optional<UnixMillis> due;
  if (const auto top = endings_.top()) due = at(*top);
  if (const auto top = deaths_.top()) {
    const UnixMillis expiry = at(*top) + rules_.dead_retention;
    due = std::min(due.value_or(expiry), expiry);
  }
  return due;
}

std::optional<EntryIndex::Ending> EntryIndex::next_ending() const {
  const auto top = endings_.top();
  if (!top) return std::nullopt;
  return Ending{pool_[*top].id, at(*top)};
}

Counts EntryIndex::counts() const noexcept {
  return {fresh_ + in_state(EntryState::available).size(), in_state(EntryState::leased).size(),
          in_state(EntryState::delayed).size(), in_state(EntryState::dead).size()};
}

std::optional<Handle> EntryIndex::handle_of(const EventId& id) const {
  // The most frequent state first.
  for (const EntryState state : {EntryState::leased, EntryState::available, EntryState::dead, EntryState::delayed}) {
    if (const auto handle = in_state(state).find(id)) return handle;
  }
  return std::nullopt;
}

void EntryIndex::write(Handle handle, const Entry& entry) {
  Slot& slot = pool_[handle];
  slot.state = static_cast<std::uint64_t>(entry.state);
  slot.at_ms = to_ms(entry.state == EntryState::dead ? entry.since : entry.until);
  slot.lease = entry.lease;
  slot.attempts = entry.attempts;
  slot.failed = entry.last_failure ? 1 : 0;
}

void EntryIndex::insert(const EventId& id, const Entry& entry) {
  const Handle handle = pool_.allocate();
  pool_[handle].id = id;
  write(handle, entry);
  link(handle);
}

void EntryIndex::release(Handle handle) {
  unlink(handle);
  pool_.release(handle);
}

void EntryIndex::link(Handle handle) {
  const EntryState state = state_of(pool_[handle]);
  in_state(state).add(handle);
  switch (state) {
    case EntryState::available: attempts_.add(handle); return;
    case EntryState::leased: leases_.add(handle); [[fallthrough]];
    case EntryState::delayed: endings_.add(handle); return;
    case EntryState::dead: deaths_.add(handle); return;
  }
}

void EntryIndex::unlink(Handle handle) {
  const EntryState state = state_of(pool_[handle]);
  in_state(state).remove(handle);
  switch (state) {
    case EntryState::available: attempts_.remove(handle); return;
    case EntryState::leased: leases_.remove(handle); [[fallthrough]];
    case EntryState::delayed: endings_.remove(handle); return;
    case EntryState::dead: deaths_.remove(handle); return;
  }
}

IndexedEntry EntryIndex::entry_of(const Slot& slot) const {
  const UnixMillis time(std::chrono::milliseconds(std::uint64_t{slot.at_ms}));
  const EntryState state = state_of(slot);
  Entry entry{.state = state, .attempts = slot.attempts};
  (state == EntryState::dead ? entry.since : entry.until) = time;
  entry.lease = slot.lease;
  return {entry, slot.failed != 0};
}

UnixMillis EntryIndex::at(Handle handle) const noexcept {
  return UnixMillis(std::chrono::milliseconds(std::uint64_t{pool_[handle].at_ms}));
}

bool EntryIndex::attempts_used_up() const {
  const auto top = attempts_.top();
  return top && rules_.max_attempts && pool_[*top].attempts >= *rules_.max_attempts;
}

}  // namespace triggers::inbox
