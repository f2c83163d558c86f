#include "inbox/entry.h"

#include <utility>

namespace triggers::inbox {
namespace {

bool ends_by_itself(const Entry& entry) noexcept {
  return entry.state == EntryState::leased || entry.state == EntryState::delayed;
}

Entry rest(Entry entry, EntryState state, UnixMillis since) {
  entry.state = state;
  entry.since = since;
  entry.until = {};
  entry.lease = {};
  return entry;
}

}  // namespace

Entry settle(Entry entry, MaxAttempts max_attempts, UnixMillis now) {
  const bool over = ends_by_itself(entry) && now >= entry.until;
  if (!over && entry.state != EntryState::available) return entry;
  if (max_attempts && entry.attempts >= *max_attempts) return rest(std::move(entry), EntryState::dead, now);
  if (!over) return entry;
  const UnixMillis ended = entry.until;
  return rest(std::move(entry), EntryState::available, ended);
}

Entry resume(Entry entry, UnixMillis now) {
  if (!ends_by_itself(entry) || now >= entry.since) return entry;
  entry.until = now + (entry.until - entry.since);
  entry.since = now;
  return entry;
}

bool holds(const Entry& entry, const LeaseId& lease, UnixMillis now) noexcept {
  return entry.state == EntryState::leased && entry.lease == lease && now < entry.until;
}

}  // namespace triggers::inbox
