// The counters of events, the same for both engines (EventCounters of open_store.h).

#include <utility>

#include "open_store.h"

namespace triggers {

EventCounters::EventCounters(metrics::Registry& registry)
    : accepted(registry.counter("triggers_events_accepted_total", "Events stored.")),
      duplicates(registry.counter("triggers_events_duplicate_total", "Events that were answered as duplicates.")),
      acknowledged(registry.counter("triggers_events_acknowledged_total", "Events acknowledged.")) {}

metrics::Counter& without_room_counter(metrics::Registry& registry, std::string limit) {
  return registry.counter("triggers_events_without_room_total",
                          "New events that the store has refused with STORAGE_FULL, by the option that limits.",
                          {{"limit", std::move(limit)}});
}

}  // namespace triggers
