#pragma once

// The contract of storing events: the calls that accept and read them, with their types. Every engine implements it,
// and tests/contract tests it. The other contracts are in default_inbox.h (what consumers read), key_store.h and
// status.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "event/event.h"
#include "store/storage_limits.h"
#include "store/tenant.h"

namespace triggers::store {

using event::EventId;

/// An event to append. The views must live until append() has answered.
struct IncomingEvent {
  std::string_view event_type;
  std::string_view payload;  ///< JSON object.
  std::optional<std::string_view> source;
  std::string_view metadata;  ///< JSON object, or empty.
  event::Fingerprint fingerprint;
  /// 1 to 300 bytes. That of an element of a batch is derived from the client's key, and longer.
  std::optional<std::string_view> idempotency_key;
};

/// The result of an append.
struct Appended {
  enum class Outcome {
    accepted,              ///< Stored now.
    duplicate,             ///< Stored before: `id` is that of the first event. Nothing was stored.
    idempotency_mismatch,  ///< The idempotency key was used for another event before. Nothing was stored.
    no_room,               ///< It would pass `limit`. Nothing was stored. There is no id.
  };
  Outcome outcome = Outcome::accepted;
  EventId id{};  ///< The time of acceptance is id.time().
  StorageLimit limit = StorageLimit::disk_reserve;
};

/// A stored event.
struct StoredEvent {
  EventId id;
  std::string event_type;
  std::string payload;
  std::optional<std::string> source;
  std::string metadata;  ///< Empty if there was none.
  std::optional<UnixMillis> acknowledged_at;

  /// About how much memory it takes.
  [[nodiscard]] std::size_t bytes() const noexcept { return payload.size() + metadata.size() + 256; }
};

/// A tenant's log: every accepted event, once, by id. Every engine keeps this contract (tests/contract/):
///
/// - Once append() has answered `accepted`, the event is durable, and is in its tenant's inbox (DefaultInbox).
/// - Of N equal appends one is accepted and the others are its duplicates, also if they race or a restart lies between
///   them. Two appends are equal if they have the same idempotency key, within the idempotency window. An append
///   without a key equals any event of its tenant with the same type and content, within the deduplication window. A
///   fingerprint only finds candidates.
/// - With an idempotency key, type and payload are compared only to tell a replay from a mismatch.
/// - A tenant sees nothing of another tenant.
///
/// Any thread with an Executor may call; the task resumes on that executor.
/// Errors of every call: `overloaded` (a queue is full: retry), `share_used` (the tenant has too many calls under way:
/// wait for their answers), `unavailable` (writes have stopped until an operator acts; whether this write was done is
/// not known), `internal`.
class EventLog {
 public:
  EventLog() = default;
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;
  virtual ~EventLog() = default;

  virtual Task<Result<Appended>> append(const Tenant& tenant, IncomingEvent event) = 0;
  /// One result for each event, in order. Not a transaction: each event is accepted or not by itself. Of equal events
  /// in one batch, the first is accepted and the others are its duplicates. At most 500.
  virtual Task<std::vector<Result<Appended>>> append_batch(const Tenant& tenant, std::vector<IncomingEvent> events) = 0;
  virtual Task<Result<std::optional<StoredEvent>>> get(const Tenant& tenant, EventId id) = 0;
};

}  // namespace triggers::store
