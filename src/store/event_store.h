#pragma once

// The contract of storing events, and the types of its calls. Every engine implements it, and tests/contract tests it.
// The contract of storing API keys is in key_store.h.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fair_budget.h"
#include "base/result.h"
#include "base/task.h"
#include "event/event.h"
#include "store/continuation.h"
#include "store/tenant.h"

namespace triggers::store {

/// The name of an inbox. Today every tenant has one, `default`, which takes every event.
inline constexpr std::string_view default_inbox = "default";

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
  };
  Outcome outcome = Outcome::accepted;
  EventId id;  ///< The time of acceptance is id.time().
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

enum class PageOrder : std::uint8_t { oldest_first, newest_first };

struct PageQuery {
  std::string inbox{default_inbox};
  PageOrder order = PageOrder::oldest_first;
  /// Page::next_after of the page before, in the same order. Empty: the page starts with the oldest event, or the
  /// newest.
  std::optional<Continuation> after{};
  std::size_t limit = 50;                   ///< 1 to 200.
  std::optional<std::string> event_type{};  ///< Only this type.
  /// The page's memory counts in this budget until the page is destroyed. Without room the error is `overloaded`. The
  /// budget outlives the page. nullptr: no limit.
  FairBudget* memory = nullptr;
};

struct Page {
  std::vector<StoredEvent> events;  ///< In the query's order.
  /// Where the next page starts: now if `has_more`, otherwise once there are newer events. With a filter it may lie
  /// behind the last event of this page. Empty if the query had none, the page is empty, and `has_more` is false.
  std::optional<Continuation> next_after;
  /// More events may follow. A page may be short or empty and still have more: the search for an event type reached its
  /// time limit, or (DynamoDB) the newest events are more than a continuation can list.
  bool has_more = false;
  /// Of the whole inbox, whatever the filter. Exact on one node; for DynamoDB see docs/storage-format.md.
  std::uint64_t total_unacknowledged = 0;
  FairBudget::Share memory;  ///< Of PageQuery::memory.
};

inline Error no_memory_for_page() { return {ErrorCode::overloaded, "pages take too much memory together"}; }

enum class AckStatus {
  acknowledged,          ///< By this call.
  already_acknowledged,  ///< Before.
  not_found,             ///< The tenant has no such event.
};

/// For an operator. Asking for it reads no stored data.
struct Health {
  bool writable = true;
  std::string problem;  ///< Why it is not writable.
};

struct Metrics {
  std::uint64_t unacknowledged = 0;  ///< Of all tenants.
  std::optional<UnixMillis> oldest_unacknowledged;
  std::uint64_t queue_depth = 0;  ///< Writes that wait for a commit; DynamoDB: calls in progress.
  std::uint64_t queue_bytes = 0;
  std::uint64_t exceptions = 0;  ///< Caught in the store's own threads: bugs, or memory that ran out.
};

/// Stores events. Every engine keeps this contract (tests/contract/):
///
/// - Once append() has answered `accepted`, the event is durable, and is in its tenant's inbox until it is
/// acknowledged.
/// - Of N equal appends one is accepted and the others are its duplicates, also if they race or a restart lies between
///   them. Two appends are equal if they have the same idempotency key, within the idempotency window. An append
///   without a key equals any event of its tenant with the same type and content, within the deduplication window. A
///   fingerprint only finds candidates.
/// - With an idempotency key, type and payload are compared only to tell a replay from a mismatch.
/// - Pages that follow each other, in either order, repeat no event. They skip none that was accepted before the first
///   of them was asked for.
/// - A tenant sees nothing of another tenant.
///
/// Any thread with an Executor may call; the task resumes on that executor.
/// Errors of every call: `overloaded` (a queue is full: retry), `share_used` (the tenant has too many calls under way:
/// wait for their answers), `unavailable` (writes have stopped until an operator acts; whether this write was done is
/// not known), `internal`.
class EventStore {
 public:
  EventStore() = default;
  EventStore(const EventStore&) = delete;
  EventStore& operator=(const EventStore&) = delete;
  virtual ~EventStore() = default;

  // The log: every accepted event, once, by id.

  virtual Task<Result<Appended>> append(const Tenant& tenant, IncomingEvent event) = 0;
  /// One result for each event, in order. Not a transaction: each event is accepted or not by itself. Of equal events
  /// in one batch, the first is accepted and the others are its duplicates. At most 500.
  virtual Task<std::vector<Result<Appended>>> append_batch(const Tenant& tenant, std::vector<IncomingEvent> events) = 0;
  virtual Task<Result<std::optional<StoredEvent>>> get(const Tenant& tenant, EventId id) = 0;

  // The inbox: events that were not acknowledged yet.

  /// `invalid_argument` if `query.after` is no continuation of this engine and order.
  virtual Task<Result<Page>> page(const Tenant& tenant, PageQuery query) = 0;
  /// One status for each id, in order. At most 500.
  virtual Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) = 0;

  [[nodiscard]] virtual Health health() const = 0;
  [[nodiscard]] virtual Metrics metrics() const = 0;
};

}  // namespace triggers::store
