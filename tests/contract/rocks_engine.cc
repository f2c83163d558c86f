// The embedded engine for the contract suite. Tests that only it must pass are in tests/rocks.

#include <gtest/gtest.h>

#include "contract/engine.h"
#include "store/rocks/rocks_store.h"
#include "support/scratch_directory.h"

namespace triggers::store::contract {
namespace {

class RocksEngine final : public InboxEngine {
 public:
  RocksEngine(const EngineOptions& options, const Clock& clock) {
    config_.data_dir = directory_ / "data";
    config_.memory_bytes = 32 * 1024 * 1024;
    config_.dedup_window = options.dedup_window;
    config_.idempotency_window = options.idempotency_window;
    config_.event_ttl = options.event_ttl;
    config_.leased_max = options.leased_max;
    config_.waiters_max = options.waiters_max;
    config_.tenant_limits = options.tenant_limits;
    config_.filter_time_max = options.filter_time_max;
    config_.background = false;
    config_.clock = &clock;
    open();
  }

  EventLog& log() override { return *store_; }
  DefaultInbox& inbox() override { return *store_; }
  InboxStore& inboxes() override { return *store_; }
  void settle() override { EXPECT_TRUE(store_->settle()); }
  StoreStatus& status() override { return *store_; }
  KeyStore& keys() override { return *store_; }
  void restart() override {
    store_.reset();
    open();
  }
  std::size_t sweep(std::size_t events_max) override { return store_->sweep(events_max).value(); }

 private:
  void open() { store_ = RocksStore::open(config_).value(); }

  testing_support::ScratchDirectory directory_;
  RocksConfig config_;
  std::unique_ptr<RocksStore> store_;
};

}  // namespace

EngineFactory engine_under_test() {
  return {"rocks", [](const EngineOptions& options, const Clock& clock) {
            return std::make_unique<RocksEngine>(options, clock);
          }};
}

}  // namespace triggers::store::contract
