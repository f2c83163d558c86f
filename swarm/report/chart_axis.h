#pragma once

// The ticks and labels of a chart's axis. Drawing the chart is in svg_chart.h.

#include <string>
#include <vector>

namespace triggers::swarm {

/// One axis of a chart: maps values to positions, and lists the labelled values.
struct ChartAxis {
  double low = 0, high = 1;  ///< The values at its ends; low < high.
  bool logarithmic = false;
  double from = 0, to = 1;  ///< The positions of its ends.
  std::vector<double> ticks;

  /// Clamped to `from` to `to`.
  [[nodiscard]] double place(double value) const;
};

/// About `count` round numbers from 0 to at least `high`. The step is 1, 2, 2.5 or 5 times a power of ten, and an
/// integer if `whole`.
[[nodiscard]] std::vector<double> linear_ticks(double high, int count, bool whole = false);
/// A logarithmic axis that includes `low` and `high`, both above 0. Its ends and ticks are 1, 2 or 5 times a power of
/// ten; if these are too many, only powers of ten, or every second or third of them.
[[nodiscard]] ChartAxis log_axis(double low, double high);
/// At most nine multiples of a whole number of seconds, minutes or hours, from 0 to at most `seconds`.
[[nodiscard]] std::vector<double> time_ticks(double seconds);
/// The label of one of these ticks: `0`, `20 s`, `1:30`, `5 min`, `6 h`.
[[nodiscard]] std::string time_tick_label(double tick, const std::vector<double>& ticks);
/// The time since the start of a test: `12 s`, `1:02`, `3:01:02`.
[[nodiscard]] std::string time_label(double seconds);

}  // namespace triggers::swarm
