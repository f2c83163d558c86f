// The counters of events, the same for both engines (EventCounters of open_store.h).

#include "open_store.h"

namespace triggers {

EventCounters::EventCounters(metrics::Registry& registry)
    : accepted(registry.counter("triggers_events_accepted_total", "Events stored.")),
      duplicates(registry.counter("triggers_events_duplicate_total", "Events that were answered as duplicates.")),
      acknowledged(registry.counter("triggers_events_acknowledged_total", "Events acknowledged.")) {}

}  // namespace triggers
