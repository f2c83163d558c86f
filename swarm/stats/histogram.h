#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace triggers::swarm {

/// Counts of durations in buckets that are at most 1/128 of their value wide, so every quantile is within 1 % of the
/// true one, from 1 ns to over an hour (longer counts as the longest, less than zero as zero). Buckets are made as they
/// are needed. Not for two threads at once.
class Histogram {
 public:
  static constexpr std::chrono::nanoseconds longest = std::chrono::hours{2};

  void add(std::chrono::nanoseconds duration) { add(duration, 1); }
  void add(std::chrono::nanoseconds duration, std::uint64_t count);
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// The smallest duration that at least `quantile` (0 to 1) of all are at or below, to the middle of its bucket; zero
  /// if there are none. Of 0, the shortest.
  [[nodiscard]] std::chrono::nanoseconds quantile(double quantile) const;

  struct Bucket {
    std::chrono::nanoseconds from, to;  ///< [from, to)
    std::uint64_t count;
  };
  /// Those that are not empty, shortest first.
  [[nodiscard]] std::vector<Bucket> buckets() const;

 private:
  std::vector<std::uint64_t> counts_;  // as long as the longest duration so far needs
  std::uint64_t count_ = 0;
};

}  // namespace triggers::swarm
