#pragma once

// The rows and percentiles that all of Locust's tables have. The tables are in csv_tables.h and console_tables.h.

#include <array>
#include <string_view>
#include <vector>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// What Locust's tables have in common.

struct LocustPercentile {
  double percentile;  ///< 0 to 1.
  std::string_view label;
};
inline constexpr std::array<LocustPercentile, 11> locust_percentiles_reported{{{0.50, "50%"},
                                                                               {0.66, "66%"},
                                                                               {0.75, "75%"},
                                                                               {0.80, "80%"},
                                                                               {0.90, "90%"},
                                                                               {0.95, "95%"},
                                                                               {0.98, "98%"},
                                                                               {0.99, "99%"},
                                                                               {0.999, "99.9%"},
                                                                               {0.9999, "99.99%"},
                                                                               {1.0, "100%"}}};

/// The rows of a table: all names in order, and the aggregated row. Views of the statistics, which must outlive this.
class LocustRows {
 public:
  explicit LocustRows(const Statistics& statistics)
      : statistics_(statistics), aggregated_(statistics.aggregated()), names_(statistics.rows()) {}
  LocustRows(const LocustRows&) = delete;
  LocustRows& operator=(const LocustRows&) = delete;

  [[nodiscard]] const std::vector<Statistics::Row>& names() const noexcept { return names_; }
  /// The last row: no method, and the name `Aggregated`.
  [[nodiscard]] Statistics::Row aggregated() const { return {"", "Aggregated", &aggregated_}; }

  [[nodiscard]] Rates total(const Entry& entry) const { return total_rates(entry, aggregated_, statistics_.start()); }
  [[nodiscard]] Rates current(const Entry& entry) const {
    return current_rates(entry, aggregated_, statistics_.start());
  }

 private:
  const Statistics& statistics_;
  Entry aggregated_;
  std::vector<Statistics::Row> names_;
};

}  // namespace triggers::swarm
