#include "swarm/report/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>
#include <vector>

namespace triggers::swarm {
namespace {

constexpr double recent_s = 10;
constexpr std::string_view gap = "  ";
constexpr std::string_view red = "\x1b[31m", dim = "\x1b[2m", plain = "\x1b[0m";

/// A part of the line. The least important part is shortened first, or removed if it cannot be shortened.
struct Part {
  int importance;
  std::string text;
  std::string_view colour = {};
  std::string shorter = {};
  int shorter_importance = 0;
};

std::string clock(double seconds) {
  const auto whole = std::llround(std::max(0.0, seconds));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

/// Percentiles, in the unit of the largest: `p50 0.42 p95 8.13 p99 42.1 ms`.
std::string percentiles(const Histogram& latencies, std::initializer_list<double> quantiles) {
  const auto ms_of = [&](double quantile) { return static_cast<double>(latencies.quantile(quantile).count()) / 1e6; };
  const bool in_seconds = std::ranges::any_of(quantiles, [&](double quantile) { return ms_of(quantile) >= 9999.5; });
  std::string text;
  for (const double quantile : quantiles) {
    const double value = ms_of(quantile) / (in_seconds ? 1000 : 1);
    const std::string digits = latencies.count() == 0 ? "   –"
                                                      : fmt::format("{:4.{}f}", value,
                                                                    value < 9.995   ? 2
                                                                    : value < 99.95 ? 1
                                                                                    : 0);
    text += fmt::format("p{:.0f} {} ", quantile * 100, digits);
  }
  return text + (in_seconds ? "s " : "ms");
}

/// The last seconds as one point.
History::Point last_seconds(const History& history) {
  History::Point sum;
  for (auto point = history.recent().rbegin(); point != history.recent().rend() && sum.seconds < recent_s; ++point) {
    const std::size_t users = sum.seconds > 0 ? sum.users : point->users;
    sum.join(*point);
    sum.users = users;
  }
  return sum;
}

double per_second(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

/// Requests per second as blocks of eight heights, from zero to the maximum.
std::string sparkline(const History& history) {
  constexpr std::array<std::string_view, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::vector<double> rates;
  for (const auto& point : history.recent()) rates.push_back(per_second(point.requests, point.seconds));
  const double most = rates.empty() ? 0 : std::ranges::max(rates);
  std::string line;
  for (std::size_t i = rates.size(); i < History::recent_max; ++i) line += ' ';
  for (const double rate : rates) {
    line += blocks[most <= 0 ? 0 : static_cast<std::size_t>(std::lround(rate / most * (blocks.size() - 1)))];
  }
  return line;
}

std::string users_of(const RunReport& report) {
  const auto now = std::accumulate(report.users.begin(), report.users.end(), std::size_t{0});
  const std::string wanted = std::to_string(report.users_wanted);
  if (now == report.users_wanted) return fmt::format("{} users", wanted);
  return fmt::format("{:{}}/{} users", now, wanted.size(), wanted);
}

std::string time_of(const RunReport& report) {
  const double passed = report.ended - report.started;
  const auto limit = static_cast<double>(report.run_time.count());
  if (limit <= 0) return clock(passed);
  return fmt::format("{:>{}} left", clock(limit - passed), clock(limit).size());
}

std::vector<Part> parts_of(const RunReport& report, ProgressStyle style) {
  const History::Point now = last_seconds(*report.history);
  const std::uint64_t failures = report.statistics->aggregated().failures;
  std::vector<Part> parts;
  parts.push_back({.importance = 9, .text = time_of(report)});
  parts.push_back({.importance = 6, .text = users_of(report)});
  parts.push_back({.importance = 8, .text = fmt::format("{:5.0f} req/s", per_second(now.requests, now.seconds))});
  parts.push_back({.importance = 5,
                   .text = percentiles(now.latencies, {0.5, 0.95, 0.99}),
                   .shorter = percentiles(now.latencies, {0.95}),
                   .shorter_importance = 7});
  parts.push_back({.importance = failures > 0 ? 10 : 3,
                   .text = fmt::format("{} failed", failures),
                   .colour = failures > 0 ? red : std::string_view{}});
  parts.push_back({.importance = 2, .text = fmt::format("{:5.0f} accepted/s", per_second(now.accepted, now.seconds))});
  if (style.blocks) parts.push_back({.importance = 1, .text = sparkline(*report.history), .colour = dim});
  return parts;
}

bool contains_ignoring_case(std::string_view text, std::string_view lower) {
  const auto found = std::search(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
  return found != text.end();
}

}  // namespace

ProgressStyle ProgressStyle::of_environment() {
  const auto value_of = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string_view{value == nullptr ? "" : value};
  };
  // POSIX: the first non-empty variable decides.
  std::string_view locale;
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (locale.empty()) locale = value_of(name);
  }
  const bool dumb = value_of("TERM").empty() || value_of("TERM") == "dumb";
  return {.colour = !dumb && value_of("NO_COLOR").empty(),
          .blocks = !dumb && (contains_ignoring_case(locale, "utf-8") || contains_ignoring_case(locale, "utf8"))};
}

std::string progress_line(const RunReport& report, std::size_t columns, ProgressStyle style) {
  std::vector<Part> parts = parts_of(report, style);
  const auto width = [&] {
    std::size_t sum = 0;
    for (const Part& part : parts) sum += (sum == 0 ? 0 : gap.size()) + columns_of(part.text);
    return sum;
  };
  while (!parts.empty() && width() >= columns) {
    const auto least = std::ranges::min_element(parts, {}, &Part::importance);
    if (least->shorter.empty()) {
      parts.erase(least);
    } else {
      least->text = std::exchange(least->shorter, {});
      least->importance = least->shorter_importance;
    }
  }
  std::string line;
  for (const Part& part : parts) {
    if (!line.empty()) line += gap;
    const bool coloured = style.colour && !part.colour.empty();
    if (coloured) line += part.colour;
    line += part.text;
    if (coloured) line += plain;
  }
  return line;
}

std::string progress_line(const RunReport& report, std::size_t columns) {
  return progress_line(report, columns, ProgressStyle::of_environment());
}

std::size_t columns_of(std::string_view line) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = std::min(line.find('m', i), line.size());
    } else if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80) {
      ++columns;
    }
  }
  return columns;
}

}  // namespace triggers::swarm
