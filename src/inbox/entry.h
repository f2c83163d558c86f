#pragma once

// What is known of one event in one inbox, and how an entry changes with time alone: leases and delays end, and a
// restart does not prolong them. Changes by a request (lease, acknowledge, release and others) and by retention are in
// transitions.h; the bytes are in record_codec.h.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/uuid7.h"
#include "event/event.h"

namespace triggers::inbox {

using event::EventId;

/// Identifies one lease: one batch of entries that one consumer received. An id is never reused, so a later lease of an
/// entry cannot be mistaken for an earlier one. Its text is that of its UUID.
struct LeaseId {
  Uuid7 value;
  auto operator<=>(const LeaseId&) const = default;
};

/// How many leases an entry gets before it is dead. Nothing: no limit.
using MaxAttempts = std::optional<std::uint32_t>;

enum class EntryState : std::uint8_t {
  available,  ///< Waits to be leased.
  leased,     ///< A consumer holds it until Entry::until.
  delayed,    ///< Was released, and becomes available at Entry::until.
  dead,       ///< Its attempts are used up. It stays until it is requeued, discarded or acknowledged, or is too old.
};

/// What a consumer said when it released an entry.
struct Failure {
  std::string error;  ///< UTF-8, at most error_chars_max code points.
  UnixMillis at{};
  bool operator==(const Failure&) const = default;
};

/// One event in one inbox, as it was stored. A lease or delay that has ended since then is still in here: settle()
/// computes the entry's state at a later time.
struct Entry {
  EntryState state = EntryState::available;
  std::uint32_t attempts = 0;  ///< Leases since the entry came into the inbox or was requeued.
  UnixMillis since{};          ///< When the state began. leased: the time of the lease or of its last extension.
  UnixMillis until{};          ///< leased, delayed: when the state ends. Otherwise 0.
  LeaseId lease{};             ///< leased: the holder. Otherwise 0.
  std::optional<Failure> last_failure{};

  bool operator==(const Entry&) const = default;
};

/// What is kept of an acknowledged entry, so that a repeated acknowledgement gets the right answer.
struct Acknowledgement {
  UnixMillis at{};
  std::optional<LeaseId> lease{};  ///< The lease that acknowledged. Nothing: it was acknowledged without one.
  bool operator==(const Acknowledgement&) const = default;
};

/// Everything that an inbox knows of one event. Without an entry the event is not in the inbox. What an engine stores
/// may lack the entry of an event that is in the inbox: fresh() takes its place.
struct Record {
  std::optional<Entry> entry{};
  /// The latest one. It stays when a replay puts the event into the inbox again.
  std::optional<Acknowledgement> acknowledgement{};

  /// The record of an entry that was never leased. An engine need not store it.
  [[nodiscard]] static Record fresh() { return {.entry = Entry{}, .acknowledgement = {}}; }
  /// True if there is nothing to store.
  [[nodiscard]] bool empty() const noexcept { return !entry && !acknowledgement; }
  bool operator==(const Record&) const = default;
};

/// The entry at `now`: a lease or delay with `until` at or before `now` has ended, and an available entry whose
/// attempts are used up is dead. It is dead since `now`, however long ago its lease ended: the retention of dead
/// entries begins when the engine records the death. Otherwise an entry could leave before anybody had seen it dead.
[[nodiscard]] Entry settle(Entry entry, MaxAttempts max_attempts, UnixMillis now);

/// The entry after a restart at `now`. If the clock is behind the beginning of the lease or delay, at most its whole
/// duration remains. So a restart never prolongs a lease.
[[nodiscard]] Entry resume(Entry entry, UnixMillis now);

/// True if `lease` holds the entry at `now`. At `until` itself it no longer holds it.
[[nodiscard]] bool holds(const Entry& entry, const LeaseId& lease, UnixMillis now) noexcept;

}  // namespace triggers::inbox
