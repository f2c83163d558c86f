#include "open_store.h"

#include "base/invariant.h"

namespace triggers {

EventCounters::EventCounters(metrics::Registry& registry)
    : accepted(registry.counter("triggers_events_accepted_total", "Events stored.")),
      duplicates(registry.counter("triggers_events_duplicate_total", "Events that were answered as duplicates.")),
      acknowledged(registry.counter("triggers_events_acknowledged_total", "Events acknowledged.")) {}

Result<std::unique_ptr<OpenStore>> open_store(const config::Config& config, metrics::Registry& registry,
                                              bool background) {
  switch (config.store) {
    case config::Store::embedded: return open_embedded_store(config, registry, background);
    case config::Store::dynamodb: return open_dynamo_store(config, registry);
  }
  INVARIANT(false);
}

}  // namespace triggers
