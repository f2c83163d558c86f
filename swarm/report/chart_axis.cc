#include "swarm/report/chart_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace triggers::swarm {
namespace {

constexpr int time_ticks_max = 9;
constexpr int log_ticks_max = 8;
constexpr double hair = 1e-9;  // tolerance for rounding errors

/// The nearest 1, 2 or 5 times a power of ten, at or below (or above) the value.
double round_step(double value, bool up) {
  const double power = std::pow(10, std::floor(std::log10(value) + hair));
  const std::array<double, 4> steps{power, 2 * power, 5 * power, 10 * power};
  if (up) return *std::find_if(steps.begin(), steps.end(), [&](double step) { return step >= value * (1 - hair); });
  double below = power;  // Rounding may have made even this one larger than the value, by less than ten hairs.
  for (const double step : steps) {
    if (step <= value * (1 + hair)) below = step;
  }
  return below;
}

}  // namespace

double ChartAxis::place(double value) const {
  const auto scaled = [&](double v) { return logarithmic ? std::log10(v) : v; };
  const double share = (scaled(std::clamp(value, low, high)) - scaled(low)) / (scaled(high) - scaled(low));
  return from + (to - from) * share;
}

std::vector<double> linear_ticks(double high, int count, bool whole) {
  const double rough = std::max(high, hair) / count;
  const double power = std::pow(10, std::floor(std::log10(rough) + hair));
  double step = std::max(10 * power, whole ? 1.0 : 0.0);
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    const double candidate = factor * power;
    if (candidate < rough * (1 - hair) || (whole && candidate != std::floor(candidate))) continue;
    step = candidate;
    break;
  }
  std::vector<double> ticks{0};
  while (ticks.back() < high - step * hair) ticks.push_back(static_cast<double>(ticks.size()) * step);
  return ticks;
}

ChartAxis log_axis(double low, double high) {
  ChartAxis axis;
  axis.low = round_step(low, false);
  axis.high = round_step(high, true);
  axis.logarithmic = true;
  if (axis.high <= axis.low * (1 + hair)) axis.high = round_step(axis.low * 1.5, true);
  double next = axis.low;
  while (next <= axis.high * (1 + hair)) {
    axis.ticks.push_back(next);
    next = round_step(next * 1.5, true);
  }
  for (int every = 1; axis.ticks.size() > log_ticks_max; ++every) {
    const auto power_of = [](double tick) {
      return static_cast<int>(std::lround(std::floor(std::log10(tick) + hair)));
    };
    std::erase_if(axis.ticks, [&](double tick) {
      return power_of(tick) % every != 0 || tick > std::pow(10, power_of(tick)) * (1 + hair);
    });
  }
  return axis;
}

std::vector<double> time_ticks(double seconds) {
  constexpr std::array<double, 16> steps{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200};
  double step = steps.back();
  for (const double one : steps) {
    if (seconds / one < time_ticks_max) {
      step = one;
      break;
    }
  }
  while (seconds / step >= time_ticks_max) step *= 2;
  std::vector<double> ticks;
  for (int i = 0; i * step <= seconds * (1 + hair); ++i) ticks.push_back(i * step);
  return ticks;
}

std::string time_tick_label(double tick, const std::vector<double>& ticks) {
  if (tick == 0) return "0";
  const auto whole = std::llround(tick), step = std::llround(ticks[1]), longest = std::llround(ticks.back());
  if (step % 3600 == 0) return fmt::format("{} h", whole / 3600);
  if (longest >= 3600) return fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
  if (step % 60 == 0) return fmt::format("{} min", whole / 60);
  return longest < 60 ? fmt::format("{} s", whole) : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string time_label(double seconds) {
  const auto whole = std::llround(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return whole < 60 ? fmt::format("{} s", whole) : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace triggers::swarm
