#include "swarm/load/load_curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace triggers::swarm {
namespace {

constexpr double endless = std::numeric_limits<double>::infinity();

double seconds_of(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

LoadCurve LoadCurve::constant(double target) {
  LoadCurve curve;
  curve.add(endless, target, target);
  return curve;
}

LoadCurve LoadCurve::of_stages(const std::vector<Stage>& stages) {
  LoadCurve curve;
  double target = 0;
  for (const Stage& stage : stages) {
    curve.add(seconds_of(stage.length), target, stage.target);
    target = stage.target;
  }
  return curve;
}

void LoadCurve::add(double length_s, double first, double last) {
  highest_ = std::max(highest_, last);
  if (length_s <= 0) return;
  const Line line{.from_s = length_s_, .length_s = length_s, .first = first, .last = last, .area_before = area_};
  lines_.push_back(line);
  length_s_ += length_s;
  if (length_s == endless) {
    area_ = last > 0 ? endless : area_;
  } else {
    area_ += line.area(length_s);
  }
}

/// Null before the start, and from the end on.
const LoadCurve::Line* LoadCurve::line_at(double seconds) const {
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), seconds,
                                      [](double time, const Line& line) { return time < line.from_s; });
  if (after == lines_.begin() || seconds >= length_s_) return nullptr;
  return &*std::prev(after);
}

double LoadCurve::at(std::chrono::nanoseconds time) const {
  const double seconds = seconds_of(time);
  const Line* const line = line_at(seconds);
  return line == nullptr ? 0 : line->first + line->slope() * (seconds - line->from_s);
}

double LoadCurve::area_until(std::chrono::nanoseconds time) const {
  const double seconds = seconds_of(time);
  if (seconds <= 0) return 0;
  const Line* const line = line_at(seconds);
  return line == nullptr ? area_ : line->area_before + line->area(seconds - line->from_s);
}

std::optional<std::chrono::nanoseconds> LoadCurve::time_of(double area) const {
  if (area >= area_) return std::nullopt;
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), area,
                                      [](double value, const Line& line) { return value < line.area_before; });
  // Of lines that begin with this area, the last one is the first to exceed it: those before it have the target 0.
  const Line& line = *std::prev(after);
  const double rest = area - line.area_before;
  const double root = std::sqrt(std::max(0.0, line.first * line.first + 2 * line.slope() * rest));
  const double sum = line.first + root;
  const double seconds = rest <= 0 ? 0 : sum > 0 ? std::min(2 * rest / sum, line.length_s) : line.length_s;
  const std::chrono::duration<double> time{line.from_s + seconds};
  if (time >= std::chrono::nanoseconds::max()) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time);
}

std::optional<std::chrono::nanoseconds> LoadCurve::length() const {
  if (length_s_ == endless) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(length_s_));
}

}  // namespace triggers::swarm
