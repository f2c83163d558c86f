#pragma once

// What a load should be at each time: users, or tasks per second. A pure function of time, for any source of targets:
// options now, a page or a script later. When single tasks are due is in arrivals.h.

#include <chrono>
#include <optional>
#include <vector>

namespace triggers::swarm {

/// A part of a load. Its target changes evenly from that of the stage before, or from 0, to `target`.
struct Stage {
  std::chrono::nanoseconds length{};  ///< 0: the target changes at once.
  double target = 0;
};

/// A target over time, counted from the start of the load. Made of straight lines, so that the number of tasks which
/// are due by a time, and the time at which a task is due, are exact.
class LoadCurve {
 public:
  /// The same target at all times.
  static LoadCurve constant(double target);
  /// After the last stage, the target is 0. Lengths and targets are not negative.
  static LoadCurve of_stages(const std::vector<Stage>& stages);

  /// The target at this time; where it changes at once, the new one.
  [[nodiscard]] double at(std::chrono::nanoseconds time) const;
  /// The area below the curve from the start to this time: for a target of tasks per second, the tasks that are due.
  [[nodiscard]] double area_until(std::chrono::nanoseconds time) const;
  /// The area of all time; infinite for a constant target above 0.
  [[nodiscard]] double area() const noexcept { return area_; }
  /// The time at which the area begins to exceed this one. Nothing if it never does.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> time_of(double area) const;
  [[nodiscard]] double highest() const noexcept { return highest_; }
  /// Nothing for a constant target, which has no end.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> length() const;

 private:
  struct Line {
    double from_s, length_s;
    double first, last;  // the target at both ends
    double area_before;

    [[nodiscard]] double slope() const noexcept { return length_s > 0 ? (last - first) / length_s : 0; }
    [[nodiscard]] double area(double seconds) const noexcept { return seconds * (first + slope() * seconds / 2); }
  };

  LoadCurve() = default;
  void add(double length_s, double first, double last);
  [[nodiscard]] const Line* line_at(double seconds) const;

  std::vector<Line> lines_;  // without those of no length
  double length_s_ = 0;
  double area_ = 0;
  double highest_ = 0;
};

}  // namespace triggers::swarm
