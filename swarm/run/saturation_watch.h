#pragma once

#include <chrono>
#include <deque>

namespace triggers::swarm {

/// Tells when a load thread has no time left, from its processor time as it grows: then what it measures is partly
/// itself.
class SaturationWatch {
 public:
  static constexpr std::chrono::seconds window{10};
  static constexpr double busy_share = 0.9;

  /// `used` is the thread's processor time so far. True once: when its share of a whole window first is over
  /// busy_share.
  bool observe(std::chrono::steady_clock::time_point now, std::chrono::nanoseconds used);
  /// Of any window so far, or of the whole time while that is shorter than one.
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
