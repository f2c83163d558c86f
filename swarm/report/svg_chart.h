#pragma once

// Draws one chart as SVG. Which charts the report has is in html_charts.h.

#include <optional>
#include <string>
#include <vector>

namespace triggers::swarm {

/// A line of a chart. It has a gap where there is no value.
struct ChartLine {
  std::string name;
  std::string style;  ///< The CSS class that colours it.
  std::vector<std::optional<double>> values;
};

/// A marked value of x: a percentile in a distribution.
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
    rate,     ///< Per second.
    latency,  ///< In ms; the axis is logarithmic if values span more than about a decade.
    percent,
  };

  std::string title;
  std::string unit;  ///< Shown beside the title.
  Kind kind = Kind::over_time;
  Values values = Values::rate;
  std::vector<double> x;           ///< One for each value of a line; a distribution has one more.
  std::vector<std::string> clock;  ///< Over time: the time of day at each x.
  bool filled = false;             ///< Fills the area below the first line.
  std::vector<ChartLine> lines;    ///< At least one.
  std::vector<ChartMark> marks;
};

/// An HTML figure with a scalable SVG, a legend, and the data for the page's script, which shows values under the
/// pointer. Needs the page's style sheet; readable without the script.
[[nodiscard]] std::string render_chart(const Chart& chart);

}  // namespace triggers::swarm
