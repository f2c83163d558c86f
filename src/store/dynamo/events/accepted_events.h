#pragma once

// The interface by which events/ tells the store that it has accepted an event.

#include "store/dynamo/events/router.h"

namespace triggers::store::dynamo {

/// Any thread.
class AcceptedEvents {
 public:
  AcceptedEvents() = default;
  AcceptedEvents(const AcceptedEvents&) = delete;
  AcceptedEvents& operator=(const AcceptedEvents&) = delete;
  virtual ~AcceptedEvents() = default;

  /// This node has stored an event now. `destination`: where. For the counts; accepted() follows.
  virtual void count(const Tenant& tenant, const Destination& destination) = 0;
  /// The same, for who waits for it.
  virtual void accepted(const Tenant& tenant, const EventId& id, const Destination& destination) = 0;
};

}  // namespace triggers::store::dynamo
