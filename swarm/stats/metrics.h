#pragma once

// Figures that a test defines itself, by name: how often, mean, least and most. What swarm measures is in statistics.h.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// The values of one figure.
struct Metric {
  std::uint64_t count = 0;
  double total = 0, least = 0, most = 0;

  [[nodiscard]] double mean() const noexcept { return count == 0 ? 0 : total / static_cast<double>(count); }
  void merge(const Metric& other) {
    if (other.count == 0) return;
    least = count == 0 ? other.least : std::min(least, other.least);
    most = count == 0 ? other.most : std::max(most, other.most);
    total += other.total;
    count += other.count;
  }
};

/// All such figures, by name. A value. Not thread-safe.
class Metrics {
 public:
  /// Further names count together, as `other_names`.
  static constexpr std::size_t names_max = 1000;
  static constexpr std::string_view other_names = "(other names)";

  void add(std::string_view name, double value) {
    merge(name, {.count = 1, .total = value, .least = value, .most = value});
  }
  void merge(const Metrics& other) {
    for (const auto& [name, metric] : other.all_) merge(name, metric);
  }
  [[nodiscard]] const std::map<std::string, Metric, std::less<>>& all() const noexcept { return all_; }

 private:
  void merge(std::string_view name, const Metric& metric) {
    auto at = all_.find(name);
    if (at == all_.end()) at = all_.try_emplace(std::string{all_.size() < names_max ? name : other_names}).first;
    at->second.merge(metric);
  }

  std::map<std::string, Metric, std::less<>> all_;
};

}  // namespace triggers::swarm
