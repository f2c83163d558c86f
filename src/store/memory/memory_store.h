#pragma once

// The engine for tests: the contracts of store/ in their simplest form. No program contains it.

#include <chrono>
#include <memory>

#include "base/clock.h"
#include "store/default_inbox.h"
#include "store/event_log.h"
#include "store/key_store.h"
#include "store/status.h"

namespace triggers::store {

struct MemoryConfig {
  std::chrono::seconds dedup_window{300};
  std::chrono::seconds idempotency_window{86'400};
  std::chrono::hours event_ttl{24 * 30};
  const Clock* clock = &Clock::system();
};

/// The contract in its simplest form, for tests: one lock, ordered maps, nothing durable. Answers without suspending.
class MemoryStore : public EventLog, public DefaultInbox, public KeyStore, public StoreStatus {
 public:
  static std::unique_ptr<MemoryStore> create(MemoryConfig config);
  /// Removes at most `events_max` acknowledged events past their time to live; returns how many.
  virtual std::size_t sweep(std::size_t events_max) = 0;
  /// Answers writes with `unavailable` from now on, as an engine with a failed disk does.
  virtual void fail_writes(std::string problem) = 0;
};

}  // namespace triggers::store
