#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "auth/key.h"
#include "base/single_flight.h"
#include "limit/shared_bucket.h"
#include "limit/token_bucket.h"
#include "store/tenant.h"

namespace triggers::api {

/// What a key has used; stays the same object while the key's record changes.
struct KeyUsage {
  explicit KeyUsage(std::optional<std::uint32_t> per_minute) : bucket(per_minute) {}
  limit::TokenBucket bucket;
  limit::SharedBucket shared;                 ///< Instead of `bucket`, where nodes share the key's.
  SingleFlight slice;                         ///< One request asks for a slice of it for all.
  std::atomic<std::int64_t> last_used_ms{0};  ///< Unix time; 0: not since the last flush.

  /// A new object would behave the same.
  [[nodiscard]] bool is_as_new(std::chrono::steady_clock::time_point now) const {
    return last_used_ms.load(std::memory_order_relaxed) == 0 && bucket.full(now) && shared.is_as_new(now);
  }
};

/// A key as requests see it. Never changes: a changed record is another one.
struct ActiveKey {
  auth::KeyRecord record;
  Tenant tenant;
  std::shared_ptr<KeyUsage> usage;
  std::chrono::steady_clock::time_point read_at;  ///< The record was the store's then, or later.
};

}  // namespace triggers::api
