#include "swarm/report/svg_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "swarm/report/html_text.h"

namespace triggers::swarm {
namespace {

// In the units of the SVG's view box.
constexpr double width = 860, height = 250;
constexpr double left = 64, right = 14, top = 14, bottom = 30;
constexpr double log_from_ratio = 50;  // of the largest to the smallest value

/// From values to places along one direction.
struct Axis {
  std::vector<double> ticks;
  bool logarithmic = false;
  double from = 0, to = 1;  // places of the first and the last tick

  [[nodiscard]] double place(double value) const {
    const auto scaled = [&](double v) { return logarithmic ? std::log10(std::max(v, ticks.front())) : v; };
    const double low = scaled(ticks.front()), high = scaled(ticks.back());
    return from + (to - from) * (high > low ? (scaled(value) - low) / (high - low) : 0);
  }
};

std::string time_label(double seconds, double longest) {
  const auto whole = std::llround(seconds);
  if (longest >= 2 * 3600) return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
  if (longest >= 120) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{} s", short_number(seconds));
}

std::vector<double> time_ticks(double longest) {
  constexpr std::array<double, 17> steps{1,   2,   5,    10,   15,   30,    60,    120,  300,
                                         600, 900, 1800, 3600, 7200, 14400, 21600, 43200};
  double step = steps.back();
  for (const double one : steps) {
    if (longest / one <= 10) {
      step = one;
      break;
    }
  }
  while (longest / step > 10) step *= 2;
  std::vector<double> ticks;
  for (double tick = 0; tick <= longest + step * 0.001; tick += step) ticks.push_back(tick);
  return ticks;
}

Axis y_axis(const Chart& chart) {
  double low = 0, high = 0;
  bool any = false;
  for (const ChartLine& line : chart.lines) {
    for (const auto& value : line.values) {
      if (!value) continue;
      if (*value > 0) low = any ? std::min(low, *value) : *value;
      high = std::max(high, *value);
      any = any || *value > 0;
    }
  }
  Axis axis;
  axis.from = height - bottom;
  axis.to = top;
  axis.logarithmic = chart.allow_log_y && any && high / low > log_from_ratio;
  axis.ticks = axis.logarithmic ? log_ticks(low, high) : linear_ticks(0, high > 0 ? high : 1, 5);
  return axis;
}

/// The x axis ends where the data ends, not at a round number.
struct XAxis {
  Axis scale;                  // its first and last tick are the ends
  std::vector<double> labels;  // the round numbers between them
};

XAxis x_axis(const Chart& chart) {
  XAxis axis;
  axis.scale.from = left;
  axis.scale.to = width - right;
  const double first = chart.x.empty() ? 0 : chart.x.front();
  const double last = chart.x.empty() ? 1 : chart.x.back();
  if (chart.x_is_time) {
    axis.scale.ticks = {0, std::max(last, 1.0)};
    axis.labels = time_ticks(axis.scale.ticks.back());
    return axis;
  }
  axis.scale.logarithmic = true;
  axis.labels = log_ticks(std::max(first, 1e-6), std::max(last, 1e-6));
  axis.scale.ticks = {axis.labels.front(), axis.labels.back()};
  return axis;
}

std::string path_of(const Chart& chart, const ChartLine& line, const Axis& x, const Axis& y, bool area) {
  std::string path;
  std::optional<double> run_begins, last_x;
  const auto close_area = [&] {
    if (area && run_begins) path += fmt::format("L{:.1f} {:.1f}L{:.1f} {:.1f}Z", *last_x, y.from, *run_begins, y.from);
    run_begins.reset();
  };
  for (std::size_t i = 0; i < line.values.size(); ++i) {
    if (!line.values[i]) {
      close_area();
      continue;
    }
    const double at = x.place(chart.x[i]);
    path += fmt::format("{}{:.1f} {:.1f}", run_begins ? 'L' : 'M', at, y.place(*line.values[i]));
    // A point alone is a short line: its round ends make it a dot.
    const bool alone = !run_begins && (i + 1 == line.values.size() || !line.values[i + 1]);
    if (alone) path += "h0.1";
    if (!run_begins) run_begins = at;
    last_x = at;
  }
  close_area();
  return path;
}

std::string grid(const Chart& chart, const XAxis& x, const Axis& y) {
  std::string out;
  for (const double tick : y.ticks) {
    const double at = y.place(tick);
    out += fmt::format(R"(<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>)", left, width - right, at, at);
    out += fmt::format(R"(<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>)", left - 8, at + 4,
                       short_number(tick));
  }
  const double longest = x.scale.ticks.back();
  for (const double label : x.labels) {
    const double at = x.scale.place(label);
    const std::string text = chart.x_is_time ? time_label(label, longest) : short_number(label) + " ms";
    const std::string_view anchor = at > width - right - 24 ? "end" : at < left + 12 ? "start" : "middle";
    out +=
        fmt::format(R"(<text class="tick" x="{:.1f}" y="{}" text-anchor="{}">{}</text>)", at, height - 8, anchor, text);
  }
  return out;
}

/// For the script: places and texts, so that it has nothing to compute.
std::string data_of(const Chart& chart, const XAxis& x) {
  std::string out = "[";
  for (std::size_t i = 0; i < chart.x.size(); ++i) {
    const std::string at =
        chart.x_is_time ? time_label(chart.x[i], x.scale.ticks.back()) : short_number(chart.x[i]) + " ms";
    out += fmt::format(R"({}[{:.1f},"{}")", i == 0 ? "" : ",", x.scale.place(chart.x[i]), at);
    for (const ChartLine& line : chart.lines) {
      out += line.values[i] ? fmt::format(",\"{}\"", short_number(*line.values[i])) : ",\"–\"";
    }
    out += "]";
  }
  return out + "]";
}

}  // namespace

std::vector<double> linear_ticks(double low, double high, int count) {
  const double rough = std::max(high - low, 1e-12) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= rough * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step);
  for (double n = first; ticks.empty() || ticks.back() < high - step * 1e-9; ++n) ticks.push_back(n * step);
  return ticks;
}

std::vector<double> log_ticks(double low, double high) {
  const int first = static_cast<int>(std::floor(std::log10(low) + 1e-9));
  int last = static_cast<int>(std::ceil(std::log10(high) - 1e-9));
  if (last == first) ++last;
  const bool few = last - first <= 2;
  std::vector<double> ticks;
  for (int power = first; power <= last; ++power) {
    const double ten = std::pow(10, power);
    ticks.push_back(ten);
    if (few && power < last) ticks.insert(ticks.end(), {2 * ten, 5 * ten});
  }
  return ticks;
}

std::string render_chart(const Chart& chart) {
  const Axis y = y_axis(chart);
  const XAxis x = x_axis(chart);
  std::string out =
      fmt::format(R"(<figure class="chart"><figcaption><h3>{}</h3><ul class="legend">)", html_escape(chart.title));
  for (const ChartLine& line : chart.lines) {
    out += fmt::format(R"(<li><i class="{}"></i>{} <b></b></li>)", line.style, html_escape(line.name));
  }
  out += fmt::format(R"(</ul><output></output></figcaption><svg viewBox="0 0 {} {}" role="img" aria-label="{}">)",
                     width, height, html_escape(chart.title));
  out += grid(chart, x, y);
  if (chart.filled && !chart.lines.empty()) {
    const ChartLine& first = chart.lines.front();
    out += fmt::format(R"(<path class="area {}" d="{}"/>)", first.style, path_of(chart, first, x.scale, y, true));
  }
  // The first line is drawn last, on top.
  for (auto line = chart.lines.rbegin(); line != chart.lines.rend(); ++line) {
    out += fmt::format(R"(<path class="line {}" d="{}"/>)", line->style, path_of(chart, *line, x.scale, y, false));
  }
  out += fmt::format(R"(<line class="rule" y1="{}" y2="{}"/></svg>)", top, height - bottom);
  out += fmt::format(R"(<script type="application/json">{{"unit":"{}","points":{}}}</script></figure>)",
                     html_escape(chart.unit), data_of(chart, x));
  return out;
}

}  // namespace triggers::swarm
