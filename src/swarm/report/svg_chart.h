#pragma once

#include <optional>
#include <string>
#include <vector>

namespace triggers::swarm {

/// A line of a chart. Nothing at a place where there is no value: the line has a gap.
struct ChartLine {
  std::string name;
  std::string style;  ///< Class of the style sheet that colours it: `c1` to `c4`.
  std::vector<std::optional<double>> values;
};

struct Chart {
  std::string title;
  std::string unit;          ///< Of the values: `ms`, `/s`; empty for a count.
  std::vector<double> x;     ///< Ascending; as many as each line has values.
  bool x_is_time = true;     ///< Seconds; else milliseconds on a logarithmic axis.
  bool allow_log_y = false;  ///< Logarithmic if the values demand it.
  bool filled = false;       ///< The first line's area is filled.
  std::vector<ChartLine> lines;
};

/// A figure with an SVG that scales to its place, axes with round numbers, a legend, and its data for the page's
/// script, which shows the values under the pointer; without it all the same can be read. Needs the page's style sheet.
[[nodiscard]] std::string render_chart(const Chart& chart);

/// Round numbers from at or below `low` to at or above `high`, some `count` of them.
[[nodiscard]] std::vector<double> linear_ticks(double low, double high, int count);
/// Powers of ten, with 2 and 5 times them while they are few, around the range. Both are above 0.
[[nodiscard]] std::vector<double> log_ticks(double low, double high);

}  // namespace triggers::swarm
