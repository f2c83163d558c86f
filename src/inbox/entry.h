#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/uuid7.h"
#include "event/event.h"

namespace triggers::inbox {

using event::EventId;

/// Names one lease: one batch of entries that were handed to one consumer. Never given twice, so an entry that is
/// leased again is never taken for the earlier lease. Its text is that of its UUID.
struct LeaseId {
  Uuid7 value;
  auto operator<=>(const LeaseId&) const = default;
};

/// How many leases an entry gets before it is dead; nothing: no limit.
using MaxAttempts = std::optional<std::uint32_t>;

enum class EntryState : std::uint8_t {
  available,  ///< Waits to be leased.
  leased,     ///< A consumer has it until a time.
  delayed,    ///< Was released, and becomes available at a time.
  dead,       ///< Its attempts are used up. Stays until it is requeued, discarded, acknowledged or too old.
};

/// What a consumer said when it released an entry.
struct Failure {
  std::string error;  ///< UTF-8, at most error_chars_max code points.
  UnixMillis at{};
  bool operator==(const Failure&) const = default;
};

/// One event in one inbox, as of a time. A lease or delay that is over at a later time still stands here: settle() says
/// what the entry is then.
struct Entry {
  EntryState state = EntryState::available;
  std::uint32_t attempts = 0;  ///< Leases so far, since the entry came into the inbox or was requeued.
  UnixMillis since{};          ///< When the state began; leased: the lease or its last extension.
  UnixMillis until{};          ///< leased, delayed: the state is over at this time. Otherwise 0.
  LeaseId lease{};             ///< leased: the holder. Otherwise 0.
  std::optional<Failure> last_failure{};

  bool operator==(const Entry&) const = default;
};

/// The trace that an acknowledged entry leaves, so that a repeated acknowledgement gets the right answer.
struct Acknowledgement {
  UnixMillis at{};
  std::optional<LeaseId> lease{};  ///< Which lease acknowledged; nothing: it was acknowledged without a lease.
  bool operator==(const Acknowledgement&) const = default;
};

/// All that an inbox knows of one event. No entry and no acknowledgement: the event is not in the inbox.
struct Record {
  std::optional<Entry> entry{};
  /// The latest one. Stays when a replay puts the event into the inbox again.
  std::optional<Acknowledgement> acknowledgement{};

  /// Of an entry that was never leased, for which an engine need not store a record.
  [[nodiscard]] static Record fresh() { return {.entry = Entry{}, .acknowledgement = {}}; }
  /// Nothing to store.
  [[nodiscard]] bool empty() const noexcept { return !entry && !acknowledgement; }
  bool operator==(const Record&) const = default;
};

/// The entry at `now`: a lease or delay that is over at or before `now` has ended, and an available entry whose
/// attempts are used up is dead. It is dead since `now`, however long ago its lease ended: the time for which dead
/// entries are kept begins when the engine records the death, so that none is gone before anybody could have seen it.
[[nodiscard]] Entry settle(Entry entry, MaxAttempts max_attempts, UnixMillis now);

/// The entry after a restart at `now`. If the clock reads less than when the lease or delay began, what is left of it
/// is at most its whole duration: a restart never prolongs a lease.
[[nodiscard]] Entry resume(Entry entry, UnixMillis now);

/// True if `lease` holds the entry at `now`. At `until` itself it no longer does.
[[nodiscard]] bool holds(const Entry& entry, const LeaseId& lease, UnixMillis now) noexcept;

}  // namespace triggers::inbox
