#pragma once

// A test over time, in a bounded number of points, for the charts. The charts are in html_charts.h; counts of the last
// seconds are in stats/per_second.h.

#include <cstddef>
#include <deque>
#include <vector>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// A test over time, in at most `points_max` intervals of equal length. When there are too many, neighbours are merged
/// and intervals become twice as long. So memory and charts stay small in a test of any length. Not thread-safe.
class History {
 public:
  static constexpr std::size_t points_max = 600;  // even, so that halve() leaves no single point
  static constexpr std::size_t recent_max = 30;

  struct Point {
    EpochSeconds from = 0;
    double seconds = 0;     ///< The length of the interval.
    std::size_t users = 0;  ///< At its end.
    std::uint64_t requests = 0, failures = 0, accepted = 0;
    Histogram latencies;  ///< Of the requests that ended in this interval.

    /// Appends the next interval.
    void join(const Point& next);
  };

  /// Adds what happened since the last call, about a second ago.
  void add(EpochSeconds from, double seconds, std::size_t users, const Entry& delta);
  /// The last interval may be shorter than the others.
  [[nodiscard]] const std::vector<Point>& points() const noexcept { return points_; }
  /// The last `recent_max` calls of add(), oldest first and not merged; for a live view.
  [[nodiscard]] const std::deque<Point>& recent() const noexcept { return recent_; }

 private:
  void halve();

  std::vector<Point> points_;
  std::deque<Point> recent_;
  std::size_t merged_ = 1;  // add() calls in a full point
  std::size_t in_last_ = 0;
};

}  // namespace triggers::swarm
