#pragma once

// Counts of each recent second. A whole test over time is in report/history.h.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace triggers::swarm {

/// Counts per epoch second for the recent past. Readers look back only some seconds, so older counts are dropped: a
/// test may run for days. Not thread-safe.
class PerSecond {
 public:
  /// At least this many of the newest seconds with a count are kept; at most twice as many.
  static constexpr std::size_t seconds_kept = 600;

  struct Count {
    std::int64_t second;
    std::uint64_t count;

    bool operator==(const Count&) const = default;
  };

  /// Fast for the newest second; earlier seconds cost a search.
  void add(std::int64_t second, std::uint64_t count) {
    if (!counts_.empty() && counts_.back().second == second) {
      counts_.back().count += count;
    } else {
      add_elsewhere(second, count);
    }
  }
  void merge(const PerSecond& other);
  /// The sum over the seconds from `first` to `last`, both included.
  [[nodiscard]] std::uint64_t sum(std::int64_t first, std::int64_t last) const;
  /// Seconds with a count, ascending.
  [[nodiscard]] const std::vector<Count>& by_second() const noexcept { return counts_; }

 private:
  void add_elsewhere(std::int64_t second, std::uint64_t count);
  void forget_oldest();

  std::vector<Count> counts_;
};

}  // namespace triggers::swarm
