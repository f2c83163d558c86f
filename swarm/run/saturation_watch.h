#pragma once

// Notices from a load thread's CPU time that the generator itself is the bottleneck. The warning about it is in
// warnings.h.

#include <chrono>
#include <deque>

#include "swarm/report/generator_limits.h"

namespace triggers::swarm {

/// Detects a load thread without idle time, from its growing CPU time. Its own delays are then part of what it
/// measures.
class SaturationWatch {
 public:
  static constexpr std::chrono::seconds window{10};
  static constexpr double busy_share = busy_share_max;

  /// `used` is the thread's CPU time so far. True once: when its share of a whole window first exceeds busy_share.
  bool observe(std::chrono::steady_clock::time_point now, std::chrono::nanoseconds used);
  /// The largest share in any window so far, or in the whole time while that is shorter than a window.
  [[nodiscard]] double largest_share() const noexcept { return largest_; }

 private:
  struct Point {
    std::chrono::steady_clock::time_point at;
    std::chrono::nanoseconds used;
  };
  std::deque<Point> points_;
  double largest_ = 0, largest_whole_ = 0;
  bool told_ = false;
};

}  // namespace triggers::swarm
