#include "swarm/report/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "swarm/report/chart_axis.h"
#include "swarm/report/html_text.h"

namespace triggers::swarm {
namespace {

// In units of the SVG's view box, about one pixel each.
constexpr double width = 560, height = 236;
constexpr double left = 58, right = 22, top = 12, bottom = 28;
constexpr double mark_row = 13;        // height of a mark's label
constexpr double log_from_ratio = 30;  // ratio of the largest to the smallest value
constexpr double bar_gap = 0.8, bar_least = 1;
constexpr int y_ticks = 4;

/// The extremes of the values above zero.
struct Extent {
  double low = 0, high = 0;
  bool any_value = false;
};

Extent extent_of(const Chart& chart) {
  Extent extent;
  for (const ChartLine& line : chart.lines) {
    for (const auto& value : line.values) {
      if (!value) continue;
      extent.any_value = true;
      if (*value > 0) extent.low = extent.low > 0 ? std::min(extent.low, *value) : *value;
      extent.high = std::max(extent.high, *value);
    }
  }
  return extent;
}

ChartAxis y_axis(const Chart& chart, const Extent& extent) {
  ChartAxis axis;
  if (chart.values == Chart::Values::latency && extent.low > 0 && extent.high / extent.low > log_from_ratio) {
    axis = log_axis(extent.low, extent.high);
  } else {
    axis.ticks = linear_ticks(extent.high > 0 ? extent.high : 1, y_ticks, chart.values == Chart::Values::count);
    axis.high = axis.ticks.back();
  }
  axis.from = height - bottom;
  axis.to = top + mark_row * static_cast<double>(chart.marks.size());
  return axis;
}

ChartAxis x_axis(const Chart& chart) {
  ChartAxis axis;
  if (chart.kind == Chart::Kind::distribution) {
    axis = log_axis(chart.x.front(), chart.x.back());
  } else {
    // The axis ends at the end of the test, not at a round number.
    axis.high = chart.x.empty() ? 1 : std::max(chart.x.back(), 1.0);
    axis.ticks = time_ticks(axis.high);
  }
  axis.from = left;
  axis.to = width - right;
  return axis;
}

std::string value_text(const Chart& chart, double value) {
  switch (chart.values) {
    case Chart::Values::count: return with_separators(static_cast<std::uint64_t>(std::llround(value)));
    case Chart::Values::rate: return short_number(value) + "/s";
    case Chart::Values::latency: return latency_text(value);
    case Chart::Values::percent: return value > 0 && value < 0.001 ? "< 0.001 %" : short_number(value) + " %";
  }
  return {};
}

std::string tick_text(const Chart& chart, const ChartAxis& axis, double tick) {
  if (chart.values == Chart::Values::latency && axis.logarithmic) return latency_text(tick);
  return short_number(tick);
}

void grid(std::string& out, const Chart& chart, const ChartAxis& x, const ChartAxis& y, bool with_values) {
  for (const double tick : y.ticks) {
    if (!with_values) break;
    const double at = y.place(tick);
    out += fmt::format(R"(<path class="grid" d="M{} {:.1f}H{}"/>)", left, at, width - right);
    out += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{}</text>)", left - 8, at + 4,
                       tick_text(chart, y, tick));
  }
  out += fmt::format(R"(<path class="base" d="M{} {:.1f}H{}"/>)", left, y.from, width - right);
  for (const double tick : x.ticks) {
    const double at = x.place(tick);
    out += fmt::format(R"(<path class="base" d="M{:.1f} {}v4"/><text x="{:.1f}" y="{}" text-anchor="middle">{}</text>)",
                       at, y.from, at, height - 8,
                       chart.kind == Chart::Kind::over_time ? time_tick_label(tick, x.ticks) : latency_text(tick));
  }
}

/// With `area`, the path includes the area down to the axis.
std::string path_of(const Chart& chart, const ChartLine& line, const ChartAxis& x, const ChartAxis& y, bool area) {
  std::string path;
  std::optional<double> run_begins;
  for (std::size_t i = 0; i < line.values.size(); ++i) {
    if (!line.values[i]) continue;
    const double at = x.place(chart.x[i]);
    const bool begins = i == 0 || !line.values[i - 1], ends = i + 1 == line.values.size() || !line.values[i + 1];
    path += fmt::format("{}{:.1f} {:.1f}", begins ? 'M' : 'L', at, y.place(*line.values[i]));
    if (begins) run_begins = at;
    if (area && ends) path += fmt::format("V{:.1f}H{:.1f}Z", y.from, *run_begins);
  }
  return path;
}

/// Points without neighbours, which no line shows.
std::string dots_of(const Chart& chart, const ChartLine& line, const ChartAxis& x, const ChartAxis& y) {
  std::string out;
  for (std::size_t i = 0; i < line.values.size(); ++i) {
    const bool joined = (i > 0 && line.values[i - 1]) || (i + 1 < line.values.size() && line.values[i + 1]);
    if (!line.values[i] || joined) continue;
    out += fmt::format(R"(<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="3"/>)", line.style, x.place(chart.x[i]),
                       y.place(*line.values[i]));
  }
  return out;
}

void lines(std::string& out, const Chart& chart, const ChartAxis& x, const ChartAxis& y) {
  const ChartLine& first = chart.lines.front();
  if (chart.filled) {
    out += fmt::format(R"(<path class="area {}" d="{}"/>)", first.style, path_of(chart, first, x, y, true));
  }
  for (const ChartLine& line : chart.lines) {
    // A line that is always zero would only colour the axis.
    const bool nothing = std::ranges::all_of(line.values, [](const auto& value) { return value.value_or(0) == 0; });
    if (nothing) continue;
    out += fmt::format(R"(<path class="line {}" d="{}"/>)", line.style, path_of(chart, line, x, y, false));
    out += dots_of(chart, line, x, y);
  }
}

void bars(std::string& out, const Chart& chart, const ChartAxis& x, const ChartAxis& y) {
  const ChartLine& line = chart.lines.front();
  std::string path;
  for (std::size_t i = 0; i < line.values.size(); ++i) {
    if (line.values[i].value_or(0) <= 0) continue;
    // Every bar is visible, however small its value.
    const double from = x.place(chart.x[i]), to = x.place(chart.x[i + 1]);
    const double tall = std::max(y.from - y.place(*line.values[i]), bar_least);
    path += fmt::format("M{:.1f} {:.1f}v{:.1f}H{:.1f}v{:.1f}Z", from, y.from, -tall, std::max(to - bar_gap, from + 1),
                        tall);
  }
  out += fmt::format(R"(<path class="bars {}" d="{}"/>)", line.style, path);
}

/// Each label has its own row, so that they never overlap.
void marks(std::string& out, const Chart& chart, const ChartAxis& x, const ChartAxis& y) {
  for (std::size_t i = 0; i < chart.marks.size(); ++i) {
    const ChartMark& mark = chart.marks[i];
    const double at = x.place(mark.x), row = top + mark_row * static_cast<double>(i);
    const bool on_the_right = at < width * 0.7;
    out += fmt::format(R"(<path class="mark {}" d="M{:.1f} {:.1f}V{:.1f}"/>)", mark.style, at, row - 4, y.from);
    out += fmt::format(R"(<text class="mark {}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{} {}</text>)", mark.style,
                       on_the_right ? at + 5 : at - 5, row + 5, on_the_right ? "start" : "end", html_escape(mark.name),
                       latency_text(mark.x));
  }
}

/// Positions and texts for the script, so that it computes nothing.
std::string data_of(const Chart& chart, const ChartAxis& x) {
  std::string out = "[";
  const bool over_time = chart.kind == Chart::Kind::over_time;
  for (std::size_t i = 0; i < chart.lines.front().values.size(); ++i) {
    const double at = over_time ? x.place(chart.x[i]) : (x.place(chart.x[i]) + x.place(chart.x[i + 1])) / 2;
    const std::string where = over_time ? time_label(chart.x[i]) + " · " + chart.clock[i]
                                        : short_number(chart.x[i]) + " to " + latency_text(chart.x[i + 1]);
    out += fmt::format(R"({}[{:.1f},"{}")", i == 0 ? "" : ",", at, where);
    for (const ChartLine& line : chart.lines) {
      out += line.values[i] ? fmt::format(",\"{}\"", value_text(chart, *line.values[i])) : ",\"–\"";
    }
    out += "]";
  }
  return out + "]";
}

}  // namespace

std::string render_chart(const Chart& chart) {
  const Extent extent = extent_of(chart);
  const ChartAxis y = y_axis(chart, extent), x = x_axis(chart);
  std::string out =
      fmt::format(R"(<figure class="chart{}"><figcaption><h3>{} <small>{}{}</small></h3><output></output><ul>)",
                  chart.kind == Chart::Kind::over_time ? " timed" : "", html_escape(chart.title),
                  html_escape(chart.unit), y.logarithmic ? ", logarithmic" : "");
  for (const ChartLine& line : chart.lines) {
    out += fmt::format(R"(<li><i class="{}"></i>{} <b></b></li>)", line.style, html_escape(line.name));
  }
  out += fmt::format(R"(</ul></figcaption><div class="plot"><svg viewBox="0 0 {} {}" role="img" aria-label="{}">)",
                     width, height, html_escape(chart.title));
  grid(out, chart, x, y, extent.any_value);
  if (!extent.any_value) {
    out += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">nothing was measured</text>)",
                       (left + width - right) / 2, (y.from + y.to) / 2);
  } else if (chart.kind == Chart::Kind::over_time) {
    lines(out, chart, x, y);
  } else {
    bars(out, chart, x, y);
    marks(out, chart, x, y);
  }
  out += fmt::format(R"(<path class="rule" d="M0 {}V{}"/></svg></div>)", top, y.from);
  out += fmt::format(R"(<script type="application/json">{}</script></figure>)", data_of(chart, x));
  return out;
}

}  // namespace triggers::swarm
