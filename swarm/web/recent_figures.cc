#include "swarm/web/recent_figures.h"

namespace triggers::swarm {

RecentFigures recent_figures(const History& history) {
  constexpr double window_s = 10;
  Histogram latencies;
  double seconds = 0;
  for (auto point = history.recent().rbegin(); point != history.recent().rend() && seconds < window_s; ++point) {
    seconds += point->seconds;
    latencies.merge(point->latencies);
  }
  const auto at = [&](double quantile) { return static_cast<double>(latencies.quantile(quantile).count()) / 1e6; };
  return {.p50_ms = at(0.5), .p95_ms = at(0.95), .p99_ms = at(0.99)};
}

}  // namespace triggers::swarm
