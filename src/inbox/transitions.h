#pragma once

// The life of an entry: what each operation does to it. The entry itself, and what time does to it (settle()), is in
// entry.h.

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
/// All engines use these functions; docs/decisions/0027-life-of-an-entry.md has the table. An operation applies
/// settle() to the entry first. The caller has checked the arguments against inbox/bounds.h. A change must be durable
/// before its answer is sent. Two operations on one entry must not overlap: the engine serializes them, with a single
/// writer or with conditional writes.

/// What an operation did to one entry, in the API's words.
enum class EntryStatus : std::uint8_t {
  acknowledged,
  already_acknowledged,  ///< By this lease. For a request without a lease: by anyone.
  released,
  extended,
  requeued,
  discarded,
  lease_lost,  ///< This lease does not hold the entry. Nothing changed.
  not_found,   ///< The inbox has no such entry; for requeue and discard, no such dead entry. Nothing changed.
};
[[nodiscard]] std::string_view status_name(EntryStatus status) noexcept;

struct Transition {
  EntryStatus status = EntryStatus::not_found;
  /// The record to store. Nothing: the record did not change.
  std::optional<Record> changed{};
  bool operator==(const Transition&) const = default;
};

/// The settings of an inbox that decide what happens to its entries.
struct Rules {
  MaxAttempts max_attempts = 10;
  std::optional<std::chrono::days> retention{};
  std::chrono::days dead_retention{30};

  bool operator==(const Rules&) const = default;
  [[nodiscard]] static Rules of(const Settings& settings) noexcept {
    return {settings.max_attempts, settings.retention, settings.dead_retention};
  }
};

/// The leased entry, with one attempt more. Nothing unless the entry is available.
[[nodiscard]] std::optional<Entry> lease(const Entry& entry, const LeaseId& lease, std::chrono::seconds duration,
                                         const Rules& rules, UnixMillis now);

/// Without a lease, an entry can be acknowledged in every state; with one, only if the lease holds the entry.
[[nodiscard]] Transition acknowledge(const Record& record, const std::optional<LeaseId>& lease, UnixMillis now);

/// The entry becomes available, at once or after `delay`; or dead if its attempts are used up. Without `error`, the
/// entry keeps its last one.
[[nodiscard]] Transition release(const Record& record, const LeaseId& lease, std::chrono::seconds delay,
                                 const std::optional<std::string>& error, const Rules& rules, UnixMillis now);

/// The lease now ends `duration` after `now`, which may be earlier than before.
[[nodiscard]] Transition extend(const Record& record, const LeaseId& lease, std::chrono::seconds duration,
                                UnixMillis now);

/// A dead entry becomes available with 0 attempts. It keeps its last error.
[[nodiscard]] Transition requeue(const Record& record, const Rules& rules, UnixMillis now);

/// A dead entry leaves the inbox.
[[nodiscard]] Transition discard(const Record& record, const Rules& rules, UnixMillis now);

/// The record after a purge. Nothing if there is no undelivered entry: dead entries stay.
[[nodiscard]] std::optional<Record> purge(const Record& record, const Rules& rules, UnixMillis now);

/// The record after the entry's retention has passed. Retention counts from `accepted_at` for an undelivered entry, and
/// from `since` for a dead one. Nothing: the entry stays. Leases and delays end by `now`. Ages are counted to
/// `retention_now`, because what expires is lost: it comes from a clock that does not believe a jump at once.
[[nodiscard]] std::optional<Record> expire(const Record& record, UnixMillis accepted_at, const Rules& rules,
                                           UnixMillis now, UnixMillis retention_now);

/// The record after the event was put into the inbox again. Nothing if the inbox has an entry of it, in any state.
[[nodiscard]] std::optional<Record> replay(const Record& record, UnixMillis now);

}  // namespace triggers::inbox
