#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/event_store.h"

namespace triggers::store::dynamo {

/// How long things may take. The first three are counted from when an event's id was made, and are what pages build on:
/// docs/decisions/0022.
struct Timing {
  /// As long as another writer may finish an event in its first writer's place; later it is fenced off.
  std::chrono::milliseconds finish_for{1'000};
  /// Until then an event is written or not accepted.
  std::chrono::milliseconds write_for{2'500};
  /// With less of that left, no first write is begun for a writer that has waited: it takes a new id.
  std::chrono::milliseconds write_within{250};
  /// Ids older than this are settled. The rest above write_for is for clocks that differ, and for requests that were
  /// given up and still arrive.
  std::chrono::milliseconds settled_after{5'000};
  /// One operation of the store with all its calls; what has not begun by then is not begun.
  std::chrono::milliseconds request_for{10'000};
};

/// What is stored under an id.
struct Found {
  enum class State : std::uint8_t {
    absent,
    fenced,        ///< Given up: it can never be stored under this id.
    pending,       ///< In its inbox.
    acknowledged,  ///< Kept until it expires, and somewhat longer.
  };
  State state = State::absent;
  StoredEvent event{};
  /// Of a write beside which another of the same event may still arrive: that of one who stored it in its first
  /// writer's place, or who repeated a write whose outcome was not known.
  std::string token{};

  [[nodiscard]] bool there() const noexcept { return state == State::pending || state == State::acknowledged; }
};

/// Attributes of an event, without its key: `t` type, `p` payload, `s` source, `m` metadata.
[[nodiscard]] Item event_attributes(const IncomingEvent& event);
/// What keeps an id of an event that is not pending from ever being one; DynamoDB removes it after an hour.
[[nodiscard]] Item fence_item(const Tenant& tenant, EventId id, UnixMillis now);
/// The event of an item that is pending or acknowledged. Its id is the sort key.
[[nodiscard]] Result<Found> read_found(const Item& item, Found::State state);

/// Events in the events table: pending ones in the shards of their inbox, acknowledged ones apart. Any thread.
class EventItems {
 public:
  EventItems(Table& table, const Clock& clock, Timing timing) : table_(table), clock_(clock), timing_(timing) {}

  /// One read for a pending event, two for any other.
  Task<Result<Found>> find(const Tenant& tenant, EventId id);

  struct Stored {
    bool now = false;  ///< By this call.
    Found instead{};   ///< Otherwise what was there: an event, or a fence.
  };
  enum class Writer : std::uint8_t { first, helper };
  /// Stores a pending event under an id where nothing is; `helper` in its first writer's place. A write whose outcome
  /// is not known is repeated, and looked for, so that it is neither doubled nor told wrongly: docs/decisions/0021.
  /// Errors: `overloaded` if the time of the id is over and nothing was stored, `unavailable` if nobody knows.
  Task<Result<Stored>> store(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer);

  /// Makes sure that nothing is ever stored under an id where nothing is. An event that came first stays.
  Task<Status> fence(const Tenant& tenant, EventId id);

  /// Waits before another find(); `round` is 0 the first time. False: there is no time for it.
  Task<bool> wait_to_find_again(unsigned round) { return table_.pause(round, Table::within_default); }

  /// True while there is time enough to store an event under an id. (Another one may have fenced it off: store()
  /// tells.)
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
