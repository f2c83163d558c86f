#pragma once

// The items of events: reading, writing and fencing them; and the time limits of the engine (Timing). Their keys are in
// layout.h; the steps that make an append or an acknowledgement are in appender.h and acknowledger.h.

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/event_log.h"

namespace triggers::store::dynamo {

/// Time limits. The first three count from when an event's id was made, and pages rely on them: docs/decisions/0022.
struct Timing {
  /// Until then another writer finishes an event for its first writer; later it fences the event off.
  std::chrono::milliseconds finish_for{1'000};
  /// Until then an event is written or not accepted.
  std::chrono::milliseconds write_for{2'500};
  /// With less time left than this, a writer that has waited begins no first write, and takes a new id.
  std::chrono::milliseconds write_within{250};
  /// Ids older than this are settled. The rest above write_for is for clocks that differ, and for requests that were
  /// given up and still arrive.
  std::chrono::milliseconds settled_after{5'000};
  /// One operation of the store with all its calls. Calls that have not begun by then do not begin.
  std::chrono::milliseconds request_for{10'000};
};

/// What is stored under an id.
struct Found {
  enum class State : std::uint8_t {
    absent,
    fenced,        ///< Nothing can ever be stored under this id.
    pending,       ///< In its inbox.
    acknowledged,  ///< Kept until it expires, and somewhat longer.
    logged,        ///< In the log of a tenant whose inboxes are managed: their records say what became of it.
  };
  State state = State::absent;
  StoredEvent event{};
  bool elsewhere = false;         ///< It is in the log: `event` has neither payload, source nor metadata.
  std::size_t content_bytes = 0;  ///< Of payload and metadata.
  /// Set if another write of the same event may still arrive: by its first writer, whom another node has helped, or by
  /// a writer that repeated a write of unknown outcome.
  std::string token{};

  [[nodiscard]] bool there() const noexcept {
    return state == State::pending || state == State::acknowledged || state == State::logged;
  }
};

/// Attributes of an event, without its key: `t` type, `p` payload, `s` source, `m` metadata.
[[nodiscard]] Item event_attributes(const IncomingEvent& event);
/// A fence: no event can be stored under its id. DynamoDB removes it after an hour.
[[nodiscard]] Item fence_item(const Tenant& tenant, EventId id, UnixMillis now);
/// The event of an item that is in an inbox (`pending`) or in the log. One in the log is `acknowledged` if it says so,
/// otherwise `logged`. Its id is the sort key.
[[nodiscard]] Result<Found> read_found(const Item& item, Found::State state);

/// Events in the events table: pending ones in the shards of their inbox, acknowledged ones apart. Any thread.
class EventItems {
 public:
  EventItems(Table& table, const Clock& clock, Timing timing) : table_(table), clock_(clock), timing_(timing) {}

  /// One read for a pending event, two for any other.
  Task<Result<Found>> find(const Tenant& tenant, EventId id);

  struct Stored {
    bool now = false;  ///< By this call.
    Found instead{};   ///< Otherwise the event or the fence that was there.
  };
  enum class Writer : std::uint8_t { first, helper };
  /// Stores a pending event under an unused id; `helper`: for its first writer. If the outcome of a write is unknown,
  /// it looks for the event and repeats the write, so that the event is neither stored twice nor reported wrongly:
  /// docs/decisions/0021. Errors: `overloaded` if the time of the id is over and nothing was stored, `unavailable` if
  /// the outcome is unknown.
  Task<Result<Stored>> store(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer);

  /// Makes sure that nothing is ever stored under an unused id. If an event is already there, it stays.
  Task<Status> fence(const Tenant& tenant, EventId id);

  /// Waits before another find(); `round` is 0 the first time. False: there is no time for it.
  Task<bool> wait_to_find_again(unsigned round) { return table_.pause(round, Table::within_default); }

  /// True while there is time to store an event under an id. (Another node may have fenced it off; store() reports
  /// that.)
  [[nodiscard]] bool may_store(const EventId& id) const { return time_to_write(id) >= timing_.write_within; }

  /// True while the first writer of an id may be between its claim and its event.
  [[nodiscard]] bool may_finish(const EventId& id) const { return clock_.now() - id.time() < timing_.finish_for; }

 private:
  [[nodiscard]] std::chrono::milliseconds time_to_write(const EventId& id) const;
  struct Mine;
  Task<Result<Stored>> find_mine(const Tenant& tenant, EventId id, const Mine& mine);

  Table& table_;
  const Clock& clock_;
  const Timing timing_;
};

}  // namespace triggers::store::dynamo
