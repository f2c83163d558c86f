#include "swarm/report/html_charts.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "swarm/report/html_text.h"
#include "swarm/report/svg_chart.h"

namespace triggers::swarm {
namespace {

constexpr double bars_per_decade = 24;
constexpr double least_last_piece = 0.5;  // as a share of the interval before it

double ms_of(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

/// The intervals of the test. The end of the test truncates the last one, and a rate over an instant is noise, so a
/// short last interval is merged into the one before it.
std::vector<History::Point> pieces_of(const History& history) {
  std::vector<History::Point> pieces = history.points();
  if (pieces.size() >= 2 && pieces.back().seconds < least_last_piece * pieces[pieces.size() - 2].seconds) {
    pieces[pieces.size() - 2].join(pieces.back());
    pieces.pop_back();
  }
  return pieces;
}

/// A chart without values; each interval has an x at its end. The x are sums of lengths, which come from the monotonic
/// clock, because the wall clock may step.
Chart over_time(const std::vector<History::Point>& pieces) {
  Chart chart;
  double passed = 0;
  for (const auto& piece : pieces) {
    passed += piece.seconds;
    chart.x.push_back(passed);
    const std::string when = utc_text(piece.from + piece.seconds);
    chart.clock.push_back(when.substr(when.find(' ') + 1));
  }
  return chart;
}

void add_line(Chart& chart, const std::vector<History::Point>& pieces, std::string name, std::string style,
              auto value_of) {
  ChartLine line{.name = std::move(name), .style = std::move(style), .values = {}};
  for (const auto& piece : pieces) line.values.push_back(value_of(piece));
  chart.lines.push_back(std::move(line));
}

std::string throughput(const std::vector<History::Point>& pieces) {
  Chart chart = over_time(pieces);
  chart.title = "Throughput";
  chart.unit = "per second";
  chart.filled = true;
  const auto rate_of = [](auto count) {
    return [count](const History::Point& piece) -> std::optional<double> {
      if (piece.seconds <= 0) return std::nullopt;
      return static_cast<double>(piece.*count) / piece.seconds;
    };
  };
  add_line(chart, pieces, "requests", "requests", rate_of(&History::Point::requests));
  add_line(chart, pieces, "accepted events", "accepted", rate_of(&History::Point::accepted));
  add_line(chart, pieces, "failures", "failures", rate_of(&History::Point::failures));
  return render_chart(chart);
}

std::string latency(const std::vector<History::Point>& pieces) {
  Chart chart = over_time(pieces);
  chart.title = "Latency";
  chart.unit = "ms";
  chart.values = Chart::Values::latency;
  const auto quantile_of = [](double quantile) {
    return [quantile](const History::Point& piece) -> std::optional<double> {
      if (piece.latencies.count() == 0) return std::nullopt;
      return ms_of(piece.latencies.quantile(quantile));
    };
  };
  add_line(chart, pieces, "p99", "p99", quantile_of(0.99));
  add_line(chart, pieces, "p95", "p95", quantile_of(0.95));
  add_line(chart, pieces, "p50", "p50", quantile_of(0.5));
  return render_chart(chart);
}

std::string users(const std::vector<History::Point>& pieces) {
  Chart chart = over_time(pieces);
  chart.title = "Users";
  chart.values = Chart::Values::count;
  chart.filled = true;
  add_line(chart, pieces, "running", "users",
           [](const History::Point& piece) -> std::optional<double> { return static_cast<double>(piece.users); });
  return render_chart(chart);
}

/// Shares of requests on a logarithmic scale; the histogram's own buckets are too narrow to see.
std::string distribution(const Entry& all) {
  Chart chart;
  chart.title = "Distribution of latencies";
  chart.unit = "% of all requests";
  chart.kind = Chart::Kind::distribution;
  chart.values = Chart::Values::percent;
  const auto step_of = [](const Histogram::Bucket& bucket) {
    const double middle = ms_of(bucket.from) + ms_of(bucket.to - bucket.from) / 2;
    return static_cast<long>(std::floor(std::log10(std::max(middle, 1e-6)) * bars_per_decade));
  };
  const auto buckets = all.latencies.buckets();
  const long first = buckets.empty() ? 0 : step_of(buckets.front());
  const long last = buckets.empty() ? 0 : step_of(buckets.back());
  ChartLine line{.name = "requests", .style = "requests", .values = {}};
  if (!buckets.empty()) line.values.assign(static_cast<std::size_t>(last - first + 1), 0.0);
  for (const auto& bucket : buckets) {
    *line.values[static_cast<std::size_t>(step_of(bucket) - first)] +=
        100 * static_cast<double>(bucket.count) / static_cast<double>(all.latencies.count());
  }
  for (long step = first; step <= last + 1; ++step) {
    chart.x.push_back(std::pow(10, static_cast<double>(step) / bars_per_decade));
  }
  chart.lines.push_back(std::move(line));
  if (all.requests > 0) {
    chart.marks = {{"p50", "p50", all.latency_ms(0.5)},
                   {"p95", "p95", all.latency_ms(0.95)},
                   {"p99", "p99", all.latency_ms(0.99)}};
  }
  return render_chart(chart);
}

}  // namespace

std::string html_charts(const RunReport& report) {
  const auto pieces = pieces_of(*report.history);
  return R"(<div class="charts">)" + throughput(pieces) + latency(pieces) + users(pieces) +
         distribution(report.statistics->aggregated()) + "</div>";
}

}  // namespace triggers::swarm
