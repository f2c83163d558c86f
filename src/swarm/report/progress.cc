#include "swarm/report/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace triggers::swarm {
namespace {

constexpr double recent_s = 10;
constexpr std::size_t spark_points = 20;

std::string clock(double seconds) {
  const auto whole = static_cast<long>(std::max(0.0, seconds));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

/// Three digits or so: `0.42`, `8.1`, `137`, `2350`.
std::string short_ms(std::chrono::nanoseconds latency) {
  const double ms = static_cast<double>(latency.count()) / 1e6;
  return fmt::format("{:.{}f}", ms, ms < 1 ? 2 : ms < 10 ? 1 : 0);
}

/// The end of the history, put together.
History::Point recent(const History& history) {
  History::Point sum;
  const auto& points = history.points();
  for (auto point = points.rbegin(); point != points.rend() && sum.seconds < recent_s; ++point) {
    sum.seconds += point->seconds;
    sum.requests += point->requests;
    sum.failures += point->failures;
    sum.accepted += point->accepted;
    sum.latencies.merge(point->latencies);
  }
  return sum;
}

/// Throughput over the last points, as blocks of eight heights.
std::string sparkline(const History& history) {
  constexpr std::array<const char*, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const auto& points = history.points();
  const std::size_t count = std::min(points.size(), spark_points);
  std::vector<double> rates;
  for (std::size_t i = points.size() - count; i < points.size(); ++i) {
    rates.push_back(points[i].seconds > 0 ? static_cast<double>(points[i].requests) / points[i].seconds : 0);
  }
  const double most = rates.empty() ? 0 : *std::max_element(rates.begin(), rates.end());
  std::string line;
  for (const double rate : rates) {
    line += blocks[most <= 0 ? 0 : static_cast<std::size_t>(std::lround(rate / most * (blocks.size() - 1)))];
  }
  return line;
}

}  // namespace

std::string progress_line(const RunReport& report, std::size_t columns) {
  const double passed = report.ended - report.started;
  const auto limit = static_cast<double>(report.run_time.count());
  const auto users = std::accumulate(report.users.begin(), report.users.end(), std::size_t{0});
  const History::Point now = recent(*report.history);
  const auto per_second = [&](std::uint64_t count) {
    return now.seconds > 0 ? static_cast<double>(count) / now.seconds : 0;
  };
  const std::uint64_t failures = report.statistics->aggregated().failures;

  struct Part {
    std::string text;
    std::size_t width;
    int importance;  // the least goes first
  };
  std::vector<Part> parts;
  const auto add = [&](int importance, std::string text) { parts.push_back({text, text.size(), importance}); };
  add(9, limit > 0 ? clock(limit - passed) + " left" : clock(passed));
  add(6, users == report.users_wanted ? fmt::format("{} users", users)
                                      : fmt::format("{}/{} users", users, report.users_wanted));
  add(8, fmt::format("{:.0f} req/s", per_second(now.requests)));
  if (now.latencies.count() > 0) {
    const auto quantile = [&](double q) { return short_ms(now.latencies.quantile(q)); };
    add(7, fmt::format("p50 {} p95 {} p99 {} ms", quantile(0.5), quantile(0.95), quantile(0.99)));
  }
  add(failures > 0 ? 10 : 4, fmt::format("{} failed", failures));
  add(3, fmt::format("{:.0f} accepted/s", per_second(now.accepted)));
  const std::string spark = sparkline(*report.history);
  parts.push_back({spark, std::min(report.history->points().size(), spark_points), 1});

  constexpr std::size_t separator = 3;
  const auto width = [&] {
    std::size_t sum = 0;
    for (const Part& part : parts) sum += part.width + separator;
    return sum;
  };
  while (!parts.empty() && width() > columns + separator - 1) {
    parts.erase(std::min_element(parts.begin(), parts.end(),
                                 [](const Part& a, const Part& b) { return a.importance < b.importance; }));
  }
  std::string line;
  for (const Part& part : parts) line += (line.empty() ? "" : " | ") + part.text;
  return line;
}

}  // namespace triggers::swarm
