#pragma once

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

/// An inbox's name. Today every tenant has one, `default`, which takes every event.
inline constexpr std::string_view default_inbox = "default";

/// An event on its way in. The views must live until append() has answered.
struct IncomingEvent {
  std::string_view event_type;
  std::string_view payload;  ///< JSON object.
  std::optional<std::string_view> source;
  std::string_view metadata;  ///< JSON object, or empty.
  event::Fingerprint fingerprint;
  /// 1 to 300 bytes: of an element of a batch, longer than a client's.
  std::optional<std::string_view> idempotency_key;
};

/// The answer to an append.
struct Appended {
  enum class Outcome {
    accepted,              ///< Stored now.
    duplicate,             ///< Stored before: `id` is the first one's. Nothing was stored.
    idempotency_mismatch,  ///< The idempotency key came with another event before. Nothing was stored.
  };
  Outcome outcome = Outcome::accepted;
  EventId id;  ///< The event's time of acceptance is id.time().
};

/// A stored event.
struct StoredEvent {
  EventId id;
  std::string event_type;
  std::string payload;
  std::optional<std::string> source;
  std::string metadata;  ///< Empty if there was none.
  std::optional<UnixMillis> acknowledged_at;

  /// Roughly what it takes of memory.
  [[nodiscard]] std::size_t bytes() const noexcept { return payload.size() + metadata.size() + 256; }
};

enum class PageOrder : std::uint8_t { oldest_first, newest_first };

struct PageQuery {
  std::string inbox{default_inbox};
  PageOrder order = PageOrder::oldest_first;
  /// Where the page before ended, in the same order. Nothing: from the oldest, or from the newest.
  std::optional<Continuation> after{};
  std::size_t limit = 50;                   ///< 1 to 200.
  std::optional<std::string> event_type{};  ///< Only this type.
  /// What the page may take while it is made, and until it is gone, together with others; without room it is
  /// `overloaded`. It outlives the page. nullptr: no bound.
  FairBudget* memory = nullptr;
};

struct Page {
  std::vector<StoredEvent> events;  ///< In the query's order.
  /// Where the next page starts: now if `has_more`, otherwise once there are newer events. It may be past the last
  /// event of this page, because a filter has looked further. Nothing if the query had no place, the page is empty, and
  /// no more follows.
  std::optional<Continuation> next_after;
  /// More may follow. A page may be short, or empty, and still have more: the search for a filter's events stopped at
  /// its budget, or (DynamoDB) more events are new than a mark can hold.
  bool has_more = false;
  /// In the whole inbox, whatever the filter. Exact on one node; DynamoDB: docs/storage-format.md.
  std::uint64_t total_undelivered = 0;
  FairBudget::Share memory;  ///< Of PageQuery::memory.
};

inline Error no_memory_for_page() { return {ErrorCode::overloaded, "pages take too much memory together"}; }

enum class AckStatus {
  acknowledged,          ///< Now.
  already_acknowledged,  ///< Before.
  not_found,             ///< No such event of this tenant.
};

/// What an operator sees. No call to the store's data is made for it.
struct Health {
  bool writable = true;
  std::string problem;  ///< Why not.
};

struct Metrics {
  std::uint64_t undelivered = 0;  ///< All tenants.
  std::optional<UnixMillis> oldest_undelivered;
  std::uint64_t queue_depth = 0;  ///< Appends and acknowledgements that wait for a commit; DynamoDB: calls under way.
  std::uint64_t queue_bytes = 0;
  std::uint64_t exceptions = 0;  ///< Caught in the store's own threads: bugs, or memory that has run out.
};

/// Where events live. The contract that every engine keeps (tests/contract/):
///
/// - An append that answered `accepted` is durable, and is in its tenant's inbox until it is acknowledged.
/// - Of N equal appends, also concurrent ones and across restarts, one is accepted and the others are its duplicates.
///   Equal is: the same idempotency key (for the idempotency window); or, when this one has none, the same type and
///   content as any event of the tenant accepted within the deduplication window. A fingerprint only finds candidates.
/// - With an idempotency key no content is compared, except to tell a replay from a mismatch: the type and payload.
/// - Pages that follow each other, in either order, never repeat an event, nor skip one that was accepted before the
///   first of them was asked for.
/// - A tenant sees nothing of another.
///
/// Any thread with an Executor may call; the task resumes on that executor.
/// Errors of every call: `overloaded` (a queue is full: retry), `share_used` (the tenant has too much under way: wait
/// for its answers), `unavailable` (writes have stopped until an operator acts; a write's outcome is then unknown),
/// `internal`.
class EventStore {
 public:
  EventStore() = default;
  EventStore(const EventStore&) = delete;
  EventStore& operator=(const EventStore&) = delete;
  virtual ~EventStore() = default;

  virtual Task<Result<Appended>> append(const Tenant& tenant, IncomingEvent event) = 0;
  /// One result an event, in order. Not a transaction: each event is accepted or not by itself. Equal events in the
  /// same batch are duplicates of its first. At most 500.
  virtual Task<std::vector<Result<Appended>>> append_batch(const Tenant& tenant, std::vector<IncomingEvent> events) = 0;
  virtual Task<Result<Page>> page(const Tenant& tenant, PageQuery query) = 0;
  virtual Task<Result<std::optional<StoredEvent>>> get(const Tenant& tenant, EventId id) = 0;
  /// One outcome an id, in order. At most 500.
  virtual Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) = 0;

  [[nodiscard]] virtual Health health() const = 0;
  [[nodiscard]] virtual Metrics metrics() const = 0;
};

}  // namespace triggers::store
