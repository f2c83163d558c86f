#pragma once

// The counters of requests and refusals, and the durations of requests. The page that shows all metrics is in
// endpoints/service/get_metrics.h; the types of metrics are in src/metrics.

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "api/exchange/refusal.h"
#include "http/wire/message.h"
#include "metrics/metrics.h"

namespace triggers::api {

/// What the API counts. Any thread.
class RequestMetrics {
 public:
  explicit RequestMetrics(metrics::Registry& registry);
  RequestMetrics(const RequestMetrics&) = delete;
  RequestMetrics& operator=(const RequestMetrics&) = delete;
  ~RequestMetrics();

  /// `route` as the router names it; empty: no such path.
  void answered(std::string_view route, http::Method method, unsigned status, std::chrono::nanoseconds duration);
  void refused(Code code);

 private:
  struct PerRoute;

  PerRoute& per_route(std::string_view route);

  metrics::Registry& registry_;
  std::array<metrics::Counter*, code_count> refusals_{};
  std::vector<std::unique_ptr<PerRoute>> routes_;
};

}  // namespace triggers::api
