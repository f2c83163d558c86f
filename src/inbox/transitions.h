#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "inbox/entry.h"
#include "inbox/settings.h"

namespace triggers::inbox {

/// The life of an entry: every operation on it, as a function of what the inbox knows and of the time. Pure; any
/// thread.
///
/// All engines use these functions; `docs/decisions/` has the table. An operation looks at the entry as settle() has it
/// at `now`. Arguments have been checked against inbox/bounds.h. What an operation changes must be durable before
/// its answer is sent. Two operations on one entry must not overlap: the engine serializes them, by its only writer or
/// by a conditional write.

/// The API's word on what an operation did to one entry.
enum class EntryStatus : std::uint8_t {
  acknowledged,
  already_acknowledged,  ///< By this lease; without a lease: by anyone.
  released,
  extended,
  requeued,
  discarded,
  lease_lost,  ///< This lease does not hold the entry, now or any more. Nothing changed.
  not_found,   ///< The inbox has no such entry; requeue and discard: no such dead entry. Nothing changed.
};
[[nodiscard]] std::string_view status_name(EntryStatus status) noexcept;

struct Transition {
  EntryStatus status = EntryStatus::not_found;
  /// What the inbox now knows, to be stored. Nothing: it is as before.
  std::optional<Record> changed{};
  bool operator==(const Transition&) const = default;
};

/// What lasts in the rules of an inbox while its entries change.
struct Rules {
  MaxAttempts max_attempts = 10;
  std::optional<std::chrono::days> retention{};
  std::chrono::days dead_retention{30};

  [[nodiscard]] static Rules of(const Settings& settings) noexcept {
    return {settings.max_attempts, settings.retention, settings.dead_retention};
  }
};

/// The entry as it is handed out, its attempts one more; nothing unless it is available.
[[nodiscard]] std::optional<Entry> lease(const Entry& entry, const LeaseId& lease, std::chrono::seconds duration,
                                         const Rules& rules, UnixMillis now);

/// In every state if no lease is named; otherwise only by the lease that holds the entry.
[[nodiscard]] Transition acknowledge(const Record& record, const std::optional<LeaseId>& lease, UnixMillis now);

/// Gives the entry back, at once or after `delay`; dead if its attempts are used up. No `error` keeps the last one.
[[nodiscard]] Transition release(const Record& record, const LeaseId& lease, std::chrono::seconds delay,
                                 const std::optional<std::string>& error, const Rules& rules, UnixMillis now);

/// The lease ends `duration` after `now`, which may be sooner than before.
[[nodiscard]] Transition extend(const Record& record, const LeaseId& lease, std::chrono::seconds duration,
                                UnixMillis now);

/// A dead entry becomes available with 0 attempts. It keeps its last error.
[[nodiscard]] Transition requeue(const Record& record, const Rules& rules, UnixMillis now);

/// A dead entry leaves the inbox.
[[nodiscard]] Transition discard(const Record& record, const Rules& rules, UnixMillis now);

/// What is left when an undelivered entry is purged; nothing if there is none: the dead stay.
[[nodiscard]] std::optional<Record> purge(const Record& record, const Rules& rules, UnixMillis now);

/// What is left when the entry is older than its retention: undelivered from `accepted_at` on, dead from `since` of the
/// record on. Nothing: it stays.
[[nodiscard]] std::optional<Record> expire(const Record& record, UnixMillis accepted_at, const Rules& rules,
                                           UnixMillis now);

/// What the inbox knows after the event was put into it again. Nothing if it is there, in whatever state.
[[nodiscard]] std::optional<Record> replay(const Record& record, UnixMillis now);

}  // namespace triggers::inbox
