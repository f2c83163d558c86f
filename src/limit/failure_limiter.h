#pragma once

// Limits failed authentications by client address. Requests with a good key are limited by rate_buckets.h.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "limit/address.h"
#include "limit/token_bucket.h"

namespace triggers::limit {

/// Limits failed authentications by client address; an IPv6 address counts as its /64, which usually belongs to one
/// client. A text that is no address counts as one shared address.
///
/// Memory is constant: `addresses_max` entries of 24 bytes, eight to a set that is chosen by a hash with a random seed.
/// A new address takes the entry of its set whose bucket is nearest to full. So the addresses that fail most are
/// remembered longest. Any thread may call; the sets are spread over 64 locks.
class FailureLimiter {
 public:
  using Time = TokenBucket::Time;

  /// What is counted together: addresses with equal buckets share their failures.
  struct Bucket {
    std::uint64_t high = 0, low = 0;
    auto operator<=>(const Bucket&) const = default;
  };
  [[nodiscard]] static Bucket bucket_of(std::string_view address);

  /// `per_minute` failures a minute are allowed, and as many at once. 0: no limit.
  explicit FailureLimiter(std::uint32_t per_minute, std::size_t addresses_max = 65'536);
  FailureLimiter(const FailureLimiter&) = delete;
  FailureLimiter& operator=(const FailureLimiter&) = delete;
  ~FailureLimiter();

  /// Counts one failure. Not allowed: this one is over the limit, so respond 429 with retry_after instead of 401.
  [[nodiscard]] Decision record_failure(const Bucket& bucket, Time now);
  [[nodiscard]] Decision record_failure(std::string_view address, Time now) {
    return record_failure(bucket_of(address), now);
  }
  /// Takes back one failure that was recorded and allowed: it turned out to be none.
  void forgive(const Bucket& bucket, Time now);
  void forgive(std::string_view address, Time now) { forgive(bucket_of(address), now); }

 private:
  struct Table;
  std::unique_ptr<Table> table_;
  std::uint32_t per_minute_;
};

}  // namespace triggers::limit
