#pragma once

// The options of the engine for tests.

#include <chrono>
#include <cstddef>

#include "base/clock.h"
#include "store/inbox_entries.h"
#include "store/storage_limits.h"
#include "store/waiters.h"

namespace triggers::store {

struct MemoryConfig {
  std::chrono::seconds dedup_window{300};
  std::chrono::seconds idempotency_window{86'400};
  std::chrono::hours event_ttl{24 * 30};
  std::size_t leased_max = leased_max_default;  ///< For each inbox.
  std::size_t waiters_max = Waiters::waiters_max_default;
  TenantLimits tenant_limits{};
  const Clock* clock = &Clock::system();
};

}  // namespace triggers::store
