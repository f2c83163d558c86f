#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace triggers::swarm {

/// Response times in Locust's buckets: 1 ms wide below 100 ms, two significant digits above, half to even. What
/// Locust's CSV files, tables and worker messages hold is made of these; everything else uses Histogram. Not for two
/// threads at once.
class LocustTimes {
 public:
  /// Longer ones count as this.
  static constexpr std::uint32_t longest_ms = 24 * 3600 * 1000;

  void add(double response_ms) { add_bucket(bucket(response_ms), 1); }
  /// `bucket_ms` is one that bucket() gives.
  void add_bucket(std::uint32_t bucket_ms, std::uint64_t count);
  void merge(const LocustTimes& other);
  /// Those that were added after this was equal to `earlier`.
  [[nodiscard]] LocustTimes since(const LocustTimes& earlier) const;

  /// Locust's rounding of a response time to its bucket, in ms.
  [[nodiscard]] static std::uint32_t bucket(double response_ms) noexcept;
  /// Locust's percentile (0 to 1), in ms: walks down from the highest bucket; 0 if there are no times.
  [[nodiscard]] std::uint32_t percentile(double percentile) const;
  /// Locust's median, in ms: walks up, then clamped into [min_ms, max_ms], the exact times; 0 if there are no times.
  [[nodiscard]] double median(double min_ms, double max_ms) const;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// bucket in ms -> count, ascending, without empty ones.
  [[nodiscard]] std::map<std::uint32_t, std::uint64_t> buckets() const;

 private:
  std::vector<std::uint64_t> counts_;  // by bucket in order; as long as the longest time so far needs
  std::uint64_t count_ = 0;
};

}  // namespace triggers::swarm
