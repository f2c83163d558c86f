#include "open_store.h"

#include "base/invariant.h"

namespace triggers {

Result<std::unique_ptr<OpenStore>> open_store(const config::Config& config, metrics::Registry& registry,
                                              const Clock& clock, bool background, store::Access access) {
  switch (config.store) {
    case config::Store::embedded: return open_embedded_store(config, registry, clock, background, access);
    case config::Store::dynamodb:
      return open_dynamo_store(config, registry, clock, background ? FleetWork::all : FleetWork::none);
  }
  INVARIANT(false, "a store without an entry in this switch");
}

}  // namespace triggers
