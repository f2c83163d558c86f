#include "swarm/web/chart_json.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace triggers::swarm {
namespace {

constexpr double bars_per_decade = 24;
constexpr std::size_t recent_points = 12;  // a hidden page asks every ten seconds

double ms_of(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

void write_point(JsonWriter& json, const History::Point& point) {
  const auto rate = [&](std::uint64_t count) {
    return point.seconds > 0 ? static_cast<double>(count) / point.seconds : 0;
  };
  json.begin_array();
  for (const double value : {point.from + point.seconds, rate(point.requests), rate(point.failures),
                             ms_of(point.latencies.quantile(0.5)), ms_of(point.latencies.quantile(0.95)),
                             ms_of(point.latencies.quantile(0.99)), static_cast<double>(point.users)}) {
    json.value(value);
  }
  json.end_array();
}

}  // namespace

std::string history_json(const TestView& view) {
  JsonWriter json;
  json.begin_object();
  json.key("points");
  json.begin_array();
  if (view.report != nullptr) {
    for (const auto& point : view.report->history->points()) write_point(json, point);
  }
  json.end_array();
  json.end_object();
  return json.take();
}

void write_recent_points(JsonWriter& json, const TestView& view) {
  json.key("recent_points");
  json.begin_array();
  if (view.report != nullptr) {
    const auto& recent = view.report->history->recent();
    const std::size_t first = recent.size() - std::min(recent.size(), recent_points);
    for (std::size_t i = first; i < recent.size(); ++i) write_point(json, recent[i]);
  }
  json.end_array();
}

std::string latencies_json(const TestView& view) {
  const Entry all = view.report == nullptr ? Entry{} : view.report->statistics->aggregated();
  std::map<long, std::uint64_t> steps;
  for (const auto& bucket : all.latencies.buckets()) {
    const double middle = ms_of(bucket.from) + ms_of(bucket.to - bucket.from) / 2;
    steps[std::lround(std::floor(std::log10(std::max(middle, 1e-6)) * bars_per_decade))] += bucket.count;
  }
  JsonWriter json;
  json.begin_object();
  json.key("buckets");
  json.begin_array();
  for (const auto& [step, count] : steps) {
    json.begin_object();
    json.member("from", std::pow(10, static_cast<double>(step) / bars_per_decade));
    json.member("to", std::pow(10, static_cast<double>(step + 1) / bars_per_decade));
    json.member("count", count);
    json.end_object();
  }
  json.end_array();
  json.member("p50", all.latency_ms(0.5));
  json.member("p95", all.latency_ms(0.95));
  json.member("p99", all.latency_ms(0.99));
  json.end_object();
  return json.take();
}

}  // namespace triggers::swarm
