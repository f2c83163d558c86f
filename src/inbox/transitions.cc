#include "inbox/transitions.h"

#include <limits>
#include <utility>

#include "base/invariant.h"

namespace triggers::inbox {
namespace {

/// The record without its entry.
Record without_entry(const Record& record) { return {.entry = {}, .acknowledgement = record.acknowledgement}; }

Transition changed(EntryStatus status, const Record& record, Entry entry) {
  return {status, Record{.entry = std::move(entry), .acknowledgement = record.acknowledgement}};
}

/// The answer to a lease that does not hold the entry.
Transition lost(const Record& record) {
  return {record.empty() ? EntryStatus::not_found : EntryStatus::lease_lost, std::nullopt};
}

bool held(const Record& record, const LeaseId& lease, UnixMillis now) {
  return record.entry && holds(*record.entry, lease, now);
}

bool is_dead(const Record& record, const Rules& rules, UnixMillis now) {
  return record.entry && settle(*record.entry, rules.max_attempts, now).state == EntryState::dead;
}

}  // namespace

std::string_view status_name(EntryStatus status) noexcept {
  switch (status) {
    case EntryStatus::acknowledged: return "acknowledged";
    case EntryStatus::already_acknowledged: return "already_acknowledged";
    case EntryStatus::released: return "released";
    case EntryStatus::extended: return "extended";
    case EntryStatus::requeued: return "requeued";
    case EntryStatus::discarded: return "discarded";
    case EntryStatus::lease_lost: return "lease_lost";
    case EntryStatus::not_found: return "not_found";
  }
  INVARIANT(false, "a status without an entry in this switch");
}

std::optional<Entry> lease(const Entry& entry, const LeaseId& lease, std::chrono::seconds duration, const Rules& rules,
                           UnixMillis now) {
  Entry leased = settle(entry, rules.max_attempts, now);
  if (leased.state != EntryState::available) return std::nullopt;
  leased.state = EntryState::leased;
  if (leased.attempts != std::numeric_limits<std::uint32_t>::max()) ++leased.attempts;
  leased.since = now;
  leased.until = now + duration;
  leased.lease = lease;
  return leased;
}

Transition acknowledge(const Record& record, const std::optional<LeaseId>& lease, UnixMillis now) {
  const auto& before = record.acknowledgement;
  if (lease ? held(record, *lease, now) : record.entry.has_value()) {
    return {EntryStatus::acknowledged, Record{.entry = {}, .acknowledgement = Acknowledgement{now, lease}}};
  }
  // A repetition by the same lease stays one, even if a replay has put the event into the inbox again.
  if (before && (!lease || before->lease == lease)) return {EntryStatus::already_acknowledged, std::nullopt};
  return lost(record);
}

Transition release(const Record& record, const LeaseId& lease, std::chrono::seconds delay,
                   const std::optional<std::string>& error, const Rules& rules, UnixMillis now) {
  if (!held(record, lease, now)) return lost(record);
  Entry entry = *record.entry;
  entry.state = EntryState::delayed;
  entry.since = now;
  entry.until = now;
  entry.lease = {};
  if (error) entry.last_failure = Failure{*error, now};
  // The state after the delay: available or dead.
  Entry back = settle(entry, rules.max_attempts, now);
  if (back.state == EntryState::dead || delay == std::chrono::seconds(0)) {
    return changed(EntryStatus::released, record, std::move(back));
  }
  entry.until = now + delay;
  return changed(EntryStatus::released, record, std::move(entry));
}

Transition extend(const Record& record, const LeaseId& lease, std::chrono::seconds duration, UnixMillis now) {
  if (!held(record, lease, now)) return lost(record);
  Entry entry = *record.entry;
  entry.since = now;
  entry.until = now + duration;
  return changed(EntryStatus::extended, record, std::move(entry));
}

Transition requeue(const Record& record, const Rules& rules, UnixMillis now) {
  if (!is_dead(record, rules, now)) return {EntryStatus::not_found, std::nullopt};
  return changed(EntryStatus::requeued, record, Entry{.since = now, .last_failure = record.entry->last_failure});
}

Transition discard(const Record& record, const Rules& rules, UnixMillis now) {
  if (!is_dead(record, rules, now)) return {EntryStatus::not_found, std::nullopt};
  return {EntryStatus::discarded, without_entry(record)};
}

std::optional<Record> purge(const Record& record, const Rules& rules, UnixMillis now) {
  if (!record.entry || is_dead(record, rules, now)) return std::nullopt;
  return without_entry(record);
}

std::optional<Record> expire(const Record& record, UnixMillis accepted_at, const Rules& rules, UnixMillis now,
                             UnixMillis retention_now) {
  if (!record.entry) return std::nullopt;
  const Entry entry = settle(*record.entry, rules.max_attempts, now);
  const bool too_old = entry.state == EntryState::dead
                           ? retention_now - entry.since >= rules.dead_retention
                           : rules.retention && retention_now - accepted_at >= *rules.retention;
  if (!too_old) return std::nullopt;
  return without_entry(record);
}

std::optional<Record> replay(const Record& record, UnixMillis now) {
  if (record.entry) return std::nullopt;
  return Record{.entry = Entry{.since = now}, .acknowledgement = record.acknowledgement};
}

}  // namespace triggers::inbox
