#include "inbox/entry_index.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace triggers::inbox {
namespace {

/// The end of the times that a slot has room for.
constexpr UnixMillis time_end{std::chrono::milliseconds(std::int64_t{1} << 48)};

EntryState state_of(const Slot& slot) noexcept { return static_cast<EntryState>(slot.state); }

Slot slot_of(const EventId& id, const Entry& entry) {
  const UnixMillis at = entry.state == EntryState::dead ? entry.since : entry.until;
  Slot slot{};
  slot.id = id;
  slot.lease = entry.lease;
  slot.at_ms = static_cast<std::uint64_t>(at.time_since_epoch().count());
  slot.state = static_cast<std::uint64_t>(entry.state);
  slot.failed = entry.last_failure ? 1 : 0;
  slot.attempts = entry.attempts;
  return slot;
}

IndexedEntry entry_of(const Slot& slot) {
  const UnixMillis time(std::chrono::milliseconds(std::uint64_t{slot.at_ms}));
  const EntryState state = state_of(slot);
  Entry entry{.state = state, .attempts = slot.attempts};
  (state == EntryState::dead ? entry.since : entry.until) = time;
  entry.lease = slot.lease;
  return {entry, slot.failed != 0};
}

/// The greatest id before `id`.
EventId before(EventId id) noexcept {
  for (auto byte = id.bytes.rbegin(); byte != id.bytes.rend(); ++byte) {
    if ((*byte)-- != 0) break;
  }
  return id;
}

Error damaged(const std::string& what) {
  return {ErrorCode::unavailable, "the stored entries of an inbox are damaged: " + what + ". Restore a backup."};
}

}  // namespace

Status EntryIndex::restore(const EventId& id, const Entry& entry, UnixMillis now) {
  const Entry resumed = resume(entry, now);
  if (std::max(resumed.since, resumed.until) >= time_end) return damaged("an entry has a time after the year 10889");
  if (slots_.find(id)) return damaged("two records have the same id");
  insert(id, resumed);
  fresh_after_ = std::max(fresh_after_, id);
  return Done{};
}

Status EntryIndex::restored(const Stored& stored) {
  const Counts found = counts();
  if (stored.dead != found.dead) {
    return damaged("its count says that " + std::to_string(stored.dead) + " entries are dead, but " +
                   std::to_string(found.dead) + " have records as dead ones");
  }
  if (stored.undelivered < found.undelivered()) {
    return damaged("its count says that " + std::to_string(stored.undelivered) + " entries are undelivered, but " +
                   std::to_string(found.undelivered()) + " have records as undelivered ones");
  }
  fresh_after_ = std::max(fresh_after_, stored.fresh_after);
  fresh_ = stored.undelivered - found.undelivered();
  return Done{};
}

EntryIndex::Mark EntryIndex::begin() noexcept {
  slots_.begin();
  return mark();
}

EntryIndex::Mark EntryIndex::mark() const noexcept {
  Mark mark;
  mark.changes = slots_.mark();
  mark.rules = rules_;
  mark.fresh_after = fresh_after_;
  mark.fresh = fresh_;
  return mark;
}

void EntryIndex::rollback(const Mark& mark) noexcept {
  slots_.rollback(mark.changes);
  rules_ = mark.rules;
  fresh_after_ = mark.fresh_after;
  fresh_ = mark.fresh;
}

void EntryIndex::keep() noexcept { slots_.keep(); }

bool EntryIndex::accept(const EventId& id) {
  if (id > fresh_after_) {
    ++fresh_;
    return false;
  }
  insert(id, Entry{});
  return true;
}

void EntryIndex::skip_to(const EventId& id) noexcept {
  if (id != EventId{}) fresh_after_ = std::max(fresh_after_, before(id));
}

std::optional<IndexedEntry> EntryIndex::find(const EventId& id) const {
  const auto handle = slots_.find(id);
  if (!handle) return std::nullopt;
  return entry_of(slots_[*handle]);
}

void EntryIndex::update(const EventId& id, const Entry& entry) {
  const auto handle = slots_.find(id);
  INVARIANT(handle, "an entry without a slot is updated");
  slots_.change(*handle, slot_of(id, entry));
}

void EntryIndex::remove(const EventId& id) {
  if (const auto handle = slots_.find(id)) {
    slots_.remove(*handle);
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
  leased.reserve(std::min(limit, slots_.in_state(EntryState::available).size() + fresh.size()));
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
  slots_.leases().walk({lease, {}}, [&](Handle handle) {
    if (slots_[handle].lease != lease) return false;
    held.push_back(slots_[handle].id);
    return true;
  });
  return held;
}

std::vector<EventId> EntryIndex::page(EntryState state, const std::optional<EventId>& after, std::size_t limit) const {
  std::vector<EventId> ids;
  if (limit == 0) return ids;
  slots_.in_state(state).walk(after.value_or(EventId{}), [&](Handle handle) {
    if (slots_[handle].id != after) ids.push_back(slots_[handle].id);
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
  std::optional<Handle> handle = slots_.endings().top();
  if (!handle || at(*handle) > now) handle = attempts_used_up() ? slots_.attempts().top() : std::nullopt;
  if (!handle) return std::nullopt;
  const EventId id = slots_[*handle].id;
  const IndexedEntry known = entry_of(slots_[*handle]);
  Entry entry = settle(known.entry, rules_.max_attempts, now);
  if (known.failed) entry.last_failure.emplace();
  slots_.change(*handle, slot_of(id, entry));
  const bool died = entry.state == EntryState::dead;
  return Ended{id, died ? Ended::What::died : Ended::What::available, known.entry.state == EntryState::leased,
               entry.since};
}

std::optional<UnixMillis> EntryIndex::next_due() const {
  if (attempts_used_up()) return UnixMillis{};
  const auto top = slots_.endings().top();
  return top ? std::optional(at(*top)) : std::nullopt;
}

std::vector<EventId> EntryIndex::expire_dead(UnixMillis retention_now, std::size_t limit) {
  std::vector<EventId> expired;
  for (auto expiry = next_expiry(); expiry && *expiry <= retention_now; expiry = next_expiry()) {
    if (expired.size() == limit) break;
    const Handle handle = *slots_.deaths().top();
    expired.push_back(slots_[handle].id);
    slots_.remove(handle);
  }
  return expired;
}

std::optional<UnixMillis> EntryIndex::next_expiry() const {
  const auto top = slots_.deaths().top();
  return top ? std::optional(at(*top) + rules_.dead_retention) : std::nullopt;
}

std::optional<EntryIndex::Ending> EntryIndex::next_ending() const {
  const auto top = slots_.endings().top();
  if (!top) return std::nullopt;
  return Ending{slots_[*top].id, at(*top)};
}

Counts EntryIndex::counts() const noexcept {
  const auto in = [&](EntryState state) { return slots_.in_state(state).size(); };
  return {fresh_ + in(EntryState::available), in(EntryState::leased), in(EntryState::delayed), in(EntryState::dead)};
}

void EntryIndex::insert(const EventId& id, const Entry& entry) { slots_.insert(slot_of(id, entry)); }

UnixMillis EntryIndex::at(Handle handle) const noexcept {
  return UnixMillis(std::chrono::milliseconds(std::uint64_t{slots_[handle].at_ms}));
}

bool EntryIndex::attempts_used_up() const {
  const auto top = slots_.attempts().top();
  return top && rules_.max_attempts && slots_[*top].attempts >= *rules_.max_attempts;
}

}  // namespace triggers::inbox
