#pragma once

#include <cstdint>
#include <vector>

namespace triggers::swarm {

/// Counts by whole epoch second, in order. Not for two threads at once.
class PerSecond {
 public:
  struct Count {
    std::int64_t second;
    std::uint64_t count;

    bool operator==(const Count&) const = default;
  };

  /// Quick for the newest second; a wall clock that went back costs a search.
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
  /// Those with a count, ascending.
  [[nodiscard]] const std::vector<Count>& by_second() const noexcept { return counts_; }

 private:
  void add_elsewhere(std::int64_t second, std::uint64_t count);

  std::vector<Count> counts_;
};

}  // namespace triggers::swarm
