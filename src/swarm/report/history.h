#pragma once

#include <cstddef>
#include <vector>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// A test over time, in at most `points_max` pieces of equal length, however long the test is: when there are too many,
/// neighbours are merged and the pieces become twice as long. So a chart of it is as readable, and it is as small,
/// after a day as after a minute. Not for two threads at once.
class History {
 public:
  static constexpr std::size_t points_max = 600;

  struct Point {
    EpochSeconds from = 0;
    double seconds = 0;     ///< How long the piece is.
    std::size_t users = 0;  ///< At its end.
    std::uint64_t requests = 0, failures = 0, accepted = 0;
    Histogram latencies;  ///< Of the requests that ended in it.
  };

  /// What happened since the last call, which was some second ago.
  void add(EpochSeconds from, double seconds, std::size_t users, const Entry& delta);
  [[nodiscard]] const std::vector<Point>& points() const noexcept { return points_; }

 private:
  std::vector<Point> points_;
  std::size_t merged_ = 1;  // calls to add() in a full point
  std::size_t in_last_ = 0;
};

}  // namespace triggers::swarm
