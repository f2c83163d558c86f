#pragma once

// Counts durations exactly enough for percentiles within 1 %. Locust's coarser buckets are in locust_times.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace triggers::swarm {

/// Counts durations in buckets whose width is at most 1/128 of their value. So every quantile is within 1 % of the true
/// one, from 1 ns to over an hour; longer durations count as the longest, negative ones as zero. Memory grows as
/// needed. Not thread-safe.
class Histogram {
 public:
  static constexpr std::chrono::nanoseconds longest = std::chrono::hours{2};

  void add(std::chrono::nanoseconds duration) { add(duration, 1); }
  void add(std::chrono::nanoseconds duration, std::uint64_t count);
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// The middle of the bucket that holds the `quantile` (0 to 1) of all durations; zero if there are none. 0 gives the
  /// shortest.
  [[nodiscard]] std::chrono::nanoseconds quantile(double quantile) const;

  struct Bucket {
    std::chrono::nanoseconds from, to;  ///< [from, to)
    std::uint64_t count;
  };
  /// The buckets that are not empty, shortest first.
  [[nodiscard]] std::vector<Bucket> buckets() const;

 private:
  std::vector<std::uint64_t> counts_;  // grows with the longest duration
  std::uint64_t count_ = 0;
};

}  // namespace triggers::swarm
