#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// A test over time, in at most `points_max` pieces of equal length, however long the test is: when there are too many,
/// neighbours are merged and the pieces become twice as long. So a chart of it is as readable, and it is as small,
/// after a day as after a minute. Not for two threads at once.
class History {
 public:
  static constexpr std::size_t points_max = 600;  // even: halve() leaves no half point
  static constexpr std::size_t recent_max = 30;

  struct Point {
    EpochSeconds from = 0;
    double seconds = 0;     ///< How long the piece is.
    std::size_t users = 0;  ///< At its end.
    std::uint64_t requests = 0, failures = 0, accepted = 0;
    Histogram latencies;  ///< Of the requests that ended in it.

    /// Adds the piece that follows it.
    void join(const Point& next);
  };

  /// What happened since the last call, which was some second ago.
  void add(EpochSeconds from, double seconds, std::size_t users, const Entry& delta);
  /// The last may be shorter than the others.
  [[nodiscard]] const std::vector<Point>& points() const noexcept { return points_; }
  /// The last `recent_max` calls of add(), oldest first, never merged: for a live view.
  [[nodiscard]] const std::deque<Point>& recent() const noexcept { return recent_; }

 private:
  void halve();

  std::vector<Point> points_;
  std::deque<Point> recent_;
  std::size_t merged_ = 1;  // calls to add() in a full point
  std::size_t in_last_ = 0;
};

}  // namespace triggers::swarm
