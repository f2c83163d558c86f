#pragma once

#include <optional>
#include <string>
#include <vector>

namespace triggers::swarm {

/// A line of a chart. Nothing at a place where there is no value: the line has a gap.
struct ChartLine {
  std::string name;
  std::string style;  ///< Class of the style sheet that colours it.
  std::vector<std::optional<double>> values;
};

/// A value of x that is marked: a percentile in a distribution.
struct ChartMark {
  std::string name;
  std::string style;
  double x = 0;
};

struct Chart {
  enum class Kind : unsigned char {
    over_time,     ///< x in seconds since the start, ascending.
    distribution,  ///< x in ms, a logarithmic axis; bars of the first line's values, each from one x to the next.
  };
  enum class Values : unsigned char {
    count,    ///< Whole numbers.
    rate,     ///< A second.
    latency,  ///< ms; the axis is logarithmic if they span more than some decade.
    percent,
  };

  std::string title;
  std::string unit;  ///< Beside the title.
  Kind kind = Kind::over_time;
  Values values = Values::rate;
  std::vector<double> x;           ///< As many as each line has values; of a distribution one more.
  std::vector<std::string> clock;  ///< Over time: what a clock showed at each x.
  bool filled = false;             ///< The area below the first line.
  std::vector<ChartLine> lines;    ///< At least one.
  std::vector<ChartMark> marks;
};

/// A figure with an SVG that scales to its place, axes with round numbers, a legend, and its data for the page's
/// script, which shows the values under the pointer; all of it can be read without. Needs the page's style sheet.
[[nodiscard]] std::string render_chart(const Chart& chart);

}  // namespace triggers::swarm
