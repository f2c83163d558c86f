#pragma once

// A key as requests use it: its record, its rate bucket, its last use. The stored record is in auth/key.h.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "auth/key.h"
#include "limit/rate_buckets.h"
#include "store/tenant.h"

namespace triggers::api {

/// When a key was last used: Unix time in milliseconds; 0: not since the last write to the store.
using LastUse = std::atomic<std::int64_t>;

/// A key as requests see it. Immutable: a changed record is another object.
struct ActiveKey {
  auth::KeyRecord record;
  Tenant tenant;
  std::shared_ptr<LastUse> last_use;               ///< The same object while the key's record changes.
  std::shared_ptr<limit::RateBucket> rate_bucket;  ///< Likewise.
  std::chrono::steady_clock::time_point read_at;   ///< The store had this record then, or later.
};

}  // namespace triggers::api
