#pragma once

#include <string>
#include <vector>

namespace triggers::swarm {

/// One direction of a chart: from values to places, and the values that get a label.
struct ChartAxis {
  double low = 0, high = 1;  ///< The values at its ends; low < high.
  bool logarithmic = false;
  double from = 0, to = 1;  ///< The places of its ends.
  std::vector<double> ticks;

  /// Never outside of `from` to `to`.
  [[nodiscard]] double place(double value) const;
};

/// Round numbers from 0 to at or above `high`, some `count` of them; the step is 1, 2, 2.5 or 5 times a power of ten,
/// and whole if `whole`.
[[nodiscard]] std::vector<double> linear_ticks(double high, int count, bool whole = false);
/// Of a logarithmic axis from 1, 2 or 5 times a power of ten at or below `low` to one at or above `high`; both above 0.
/// Those values, or where they would be too many the powers of ten only, or every second or third of these.
[[nodiscard]] ChartAxis log_axis(double low, double high);
/// Multiples of a whole number of seconds, minutes or hours, at most nine, from 0 to at or below `seconds`.
[[nodiscard]] std::vector<double> time_ticks(double seconds);
/// A tick of these: `0`, `20 s`, `1:30`, `5 min`, `6 h`.
[[nodiscard]] std::string time_tick_label(double tick, const std::vector<double>& ticks);
/// A moment within a test: `12 s`, `1:02`, `3:01:02`.
[[nodiscard]] std::string time_label(double seconds);

}  // namespace triggers::swarm
