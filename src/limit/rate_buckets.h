#pragma once

// The buckets of all keys of this node, by key id. One bucket is in token_bucket.h, or shared_bucket.h in a fleet.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "base/single_flight.h"
#include "limit/shared_bucket.h"
#include "limit/token_bucket.h"

namespace triggers::limit {

/// The bucket of one rate limit: this node's own, or its part of the one that all nodes share. Any thread.
struct RateBucket {
  explicit RateBucket(std::optional<std::uint32_t> per_minute) : own(per_minute) {}

  TokenBucket own;
  SharedBucket shared;  ///< Instead of `own`, where nodes share the limit.
  SingleFlight slice;   ///< One request asks for a slice of `shared` on behalf of all.

  /// A new object would behave the same.
  [[nodiscard]] bool is_as_new(TokenBucket::Time now) const { return own.full(now) && shared.is_as_new(now); }
};

/// The buckets of rate limits, by the id of an API key. A caller keeps the handle it gets, so a request needs no
/// look-up here.
///
/// A bucket outlives its last handle until it is full again. So a key that is dropped from memory and read again does
/// not begin with a full bucket. Any thread.
class RateBuckets {
 public:
  RateBuckets() = default;
  RateBuckets(const RateBuckets&) = delete;
  RateBuckets& operator=(const RateBuckets&) = delete;

  /// The bucket of `name`, created if there is none. It holds `per_minute` from now on.
  [[nodiscard]] std::shared_ptr<RateBucket> bucket(const std::string& name, std::optional<std::uint32_t> per_minute);
  /// Forgets the buckets without a handle that would behave like new ones.
  void forget_unused(TokenBucket::Time now);
  [[nodiscard]] std::size_t size() const;

 private:
  mutable Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<RateBucket>> buckets_ GUARDED_BY(mutex_);
};

}  // namespace triggers::limit
