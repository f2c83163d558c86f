#pragma once

// The items of events: reading, writing and fencing them. Their keys are in layout.h, the time limits in timing.h; the
// steps that make an append or an acknowledgement are in appender.h and acknowledger.h.

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/events/accepted_events.h"
#include "store/dynamo/events/admission.h"
#include "store/dynamo/events/found.h"
#include "store/dynamo/events/log_items.h"
#include "store/dynamo/events/managed_writer.h"
#include "store/dynamo/events/router.h"
#include "store/dynamo/events/timing.h"
#include "store/event_log.h"

namespace triggers::store::dynamo {

/// A fence: no event can be stored under its id. DynamoDB removes it after an hour.
[[nodiscard]] Item fence_item(const Tenant& tenant, EventId id, UnixMillis now);

/// Events in the events table. Those of a plain tenant are in the shards of its inbox while they are pending, and in
/// its log once they are acknowledged; those of a managed tenant are in its log at once (managed_writer.h). Any thread.
class EventItems {
 public:
  /// A null `admission` admits everything.
  EventItems(Table& table, Router& router, Admission* admission, AcceptedEvents& accepted, const Clock& clock,
             Timing timing, Retention retention)
      : table_(table),
        router_(router),
        admission_(admission),
        accepted_(accepted),
        clock_(clock),
        timing_(timing),
        log_(table, clock),
        managed_(table, clock, timing, retention) {}

  /// One read for a pending event with its content, two for any other.
  Task<Result<Found>> find(const Tenant& tenant, EventId id);

  /// Stores an event under an unused id, in all inboxes that take it now, unless its tenant has no room for it. If the
  /// outcome of a write is unknown, it looks for the event and repeats the write, so that the event is neither stored
  /// twice nor reported wrongly: docs/decisions/0021. Errors: `overloaded` if the time of the id is over and nothing
  /// was stored, `unavailable` if the outcome is unknown.
  Task<Result<Stored>> store(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer);

  /// The limit by which store() would refuse the event now.
  Task<Result<std::optional<StorageLimit>>> refused_by(const Tenant& tenant, const IncomingEvent& event);

  /// Makes sure that nothing is ever stored under an unused id. If an event is already there, it stays.
  Task<Status> fence(const Tenant& tenant, EventId id);

  /// Waits before another find(); `round` is 0 the first time. False: there is no time for it.
  Task<bool> wait_to_find_again(unsigned round) { return table_.pause(round, Table::within_default); }

  /// True while there is time to store an event under an id. (Another node may have fenced it off; store() reports
  /// that.)
  [[nodiscard]] bool may_store(const EventId& id) const {
    return timing_.time_to_write(id, clock_.now()) >= timing_.write_within;
  }

  /// True while the first writer of an id may be between its claim and its event.
  [[nodiscard]] bool may_finish(const EventId& id) const { return clock_.now() - id.time() < timing_.finish_for; }

 private:
  struct Mine;
  Task<Result<Stored>> find_mine(const Tenant& tenant, EventId id, const Mine& mine);

  Task<Result<Admission::Answer>> admit(const Tenant& tenant, const IncomingEvent& event,
                                        const Destination& destination);
  Task<Result<Stored>> store_at(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer,
                                const Destination& destination);
  Task<Result<Stored>> store_plain(const Tenant& tenant, const IncomingEvent& event, EventId id, Writer writer);

  Table& table_;
  Router& router_;
  Admission* const admission_;
  AcceptedEvents& accepted_;
  const Clock& clock_;
  const Timing timing_;
  LogItems log_;
  ManagedWriter managed_;
};

}  // namespace triggers::store::dynamo
