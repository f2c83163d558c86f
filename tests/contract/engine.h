#pragma once

// What the contract suite needs of an engine: making one with options and a clock, its stores, restarting it, and
// removing expired events. The verbs of the tests are in store_contract.h; each engine has a file of its own
// (rocks_engine.cc, dynamo_engine.cc, memory_engine.cc).

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/default_inbox.h"
#include "store/event_log.h"
#include "store/inbox_store.h"
#include "store/key_store.h"
#include "store/status.h"
#include "store/storage_limits.h"

namespace triggers::store::contract {

/// What a test asks of an engine. Every engine has these.
struct EngineOptions {
  std::chrono::seconds dedup_window{300};
  std::chrono::seconds idempotency_window{86'400};
  std::chrono::hours event_ttl{24 * 30};
  std::chrono::milliseconds filter_time_max{20};
  std::size_t leased_max = leased_max_default;
  std::size_t waiters_max = Waiters::waiters_max_default;
  TenantLimits tenant_limits{};  ///< Of an InboxEngine only.
};

/// An engine under test, with what it stands on.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  virtual EventLog& log() = 0;
  virtual DefaultInbox& inbox() = 0;
  virtual StoreStatus& status() = 0;
  virtual KeyStore& keys() = 0;
  /// Stops and starts the engine; earlier references are invalid. An engine that stores nothing durable just continues.
  virtual void restart() = 0;
  /// Removes at most `events_max` expired events; how many.
  virtual std::size_t sweep(std::size_t events_max) = 0;
  /// One process owns the store: ids are in the order of commits, also across restarts and clocks that step back, and
  /// what no request has asked for is known all the same.
  [[nodiscard]] virtual bool orders_by_commit() const { return true; }
};

/// An engine that keeps inboxes, for the suites of inbox_verbs.h.
class InboxEngine : public Engine {
 public:
  virtual InboxStore& inboxes() = 0;
  /// Returns when everything that is due at the clock's time has happened: leases, delays and retentions have ended.
  virtual void settle() = 0;
};

/// `clock` outlives the engine.
struct EngineFactory {
  std::string name;
  std::function<std::unique_ptr<Engine>(const EngineOptions& options, const Clock& clock)> make;
};
inline void PrintTo(const EngineFactory& factory, std::ostream* out) { *out << factory.name; }

/// Each engine's test program defines it.
EngineFactory engine_under_test();

}  // namespace triggers::store::contract
