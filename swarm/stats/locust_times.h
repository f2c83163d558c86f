#pragma once

// Response times in Locust's buckets, for files and messages that must equal Locust's. Everything else uses
// histogram.h.

#include <cstdint>
#include <map>
#include <vector>

namespace triggers::swarm {

/// Response times in Locust's buckets: 1 ms wide below 100 ms, two significant digits above, rounded half to even. Used
/// for Locust's CSV files, tables and worker messages; all other figures use Histogram. Not thread-safe.
class LocustTimes {
 public:
  /// Longer times count as this.
  static constexpr std::uint32_t longest_ms = 24 * 3600 * 1000;

  void add(double response_ms) { add_bucket(bucket(response_ms), 1); }
  /// `bucket_ms` must be a result of bucket().
  void add_bucket(std::uint32_t bucket_ms, std::uint64_t count);
  void merge(const LocustTimes& other);
  /// The times that were added since `earlier`, a copy of this.
  [[nodiscard]] LocustTimes since(const LocustTimes& earlier) const;

  /// Locust's rounding of a response time to its bucket, in ms.
  [[nodiscard]] static std::uint32_t bucket(double response_ms) noexcept;
  /// Locust's percentile (0 to 1), in ms: searches from the highest bucket down. 0 if there are no times.
  [[nodiscard]] std::uint32_t percentile(double percentile) const;
  /// Locust's median, in ms: searches upwards, then clamps to the exact range [min_ms, max_ms]. 0 if there are no
  /// times.
  [[nodiscard]] double median(double min_ms, double max_ms) const;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// bucket in ms -> count, ascending, without empty ones.
  [[nodiscard]] std::map<std::uint32_t, std::uint64_t> buckets() const;

 private:
  std::vector<std::uint64_t> counts_;  // by bucket in order; as long as the longest time so far needs
  std::uint64_t count_ = 0;
};

}  // namespace triggers::swarm
