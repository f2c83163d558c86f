// The memory engine for the contract suite.

#include "contract/engine.h"
#include "store/memory/memory_store.h"

namespace triggers::store::contract {
namespace {

class MemoryEngine final : public InboxEngine {
 public:
  MemoryEngine(const EngineOptions& options, const Clock& clock)
      : store_(MemoryStore::create({.dedup_window = options.dedup_window,
                                    .idempotency_window = options.idempotency_window,
                                    .event_ttl = options.event_ttl,
                                    .leased_max = options.leased_max,
                                    .waiters_max = options.waiters_max,
                                    .tenant_limits = options.tenant_limits,
                                    .clock = &clock})) {}

  EventLog& log() override { return *store_; }
  DefaultInbox& inbox() override { return *store_; }
  InboxStore& inboxes() override { return *store_; }
  void settle() override { store_->settle(); }
  StoreStatus& status() override { return *store_; }
  KeyStore& keys() override { return *store_; }
  void restart() override {}
  std::size_t sweep(std::size_t events_max) override { return store_->sweep(events_max); }

 private:
  std::unique_ptr<MemoryStore> store_;
};

}  // namespace

EngineFactory engine_under_test() {
  return {"memory", [](const EngineOptions& options, const Clock& clock) {
            return std::make_unique<MemoryEngine>(options, clock);
          }};
}

}  // namespace triggers::store::contract
