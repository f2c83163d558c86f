#include "api/request_metrics.h"

#include <string>

#include "api/exchange/router.h"
#include "base/invariant.h"

namespace triggers::api {
namespace {

constexpr std::size_t method_count = static_cast<std::size_t>(http::Method::other) + 1;
/// Statuses 200 to 599, as an index.
constexpr std::size_t status_count = 400;
constexpr std::string_view no_route = "none";

}  // namespace

/// The counters of a route are made when first needed, and then found without a lock.
struct RequestMetrics::PerRoute {
  std::string_view name;
  metrics::Histogram* duration = nullptr;
  std::array<std::array<std::atomic<metrics::Counter*>, status_count>, method_count> requests{};
};

RequestMetrics::RequestMetrics(metrics::Registry& registry) : registry_(registry) {
  const auto add = [&](std::string_view name) {
    auto route = std::make_unique<PerRoute>();
    route->name = name;
    route->duration = &registry.histogram("triggers_http_request_duration_seconds",
                                          "Time from the end of a request to its response, by route.",
                                          metrics::duration_bounds_seconds(), {{"route", std::string{name}}});
    routes_.push_back(std::move(route));
  };
  for (const std::string_view name : path_names()) add(name);
  add(no_route);
  for (std::size_t code = 0; code < code_count; ++code) {
    refusals_[code] = &registry.counter("triggers_refusals_total", "Refused requests, by reason.",
                                        {{"reason", std::string{code_name(static_cast<Code>(code))}}});
  }
}

RequestMetrics::~RequestMetrics() = default;

RequestMetrics::PerRoute& RequestMetrics::per_route(std::string_view route) {
  for (const auto& candidate : routes_) {
    // Route names are static text, so comparing addresses is enough.
    if (candidate->name.data() == route.data()) return *candidate;
  }
  return *routes_.back();
}

void RequestMetrics::answered(std::string_view route, http::Method method, unsigned status,
                              std::chrono::nanoseconds duration) {
  PerRoute& counters = per_route(route);
  counters.duration->observe(std::chrono::duration<double>(duration).count());
  if (status < 200 || status >= 200 + status_count) return;
  auto& slot = counters.requests[static_cast<std::size_t>(method)][status - 200];
  auto* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter = &registry_.counter("triggers_http_requests_total", "Answered requests, by route, method and status.",
                                 {{"route", std::string{counters.name}},
                                  {"method", std::string{http::method_name(method)}},
                                  {"status", std::to_string(status)}});
    slot.store(counter, std::memory_order_release);
  }
  counter->add();
}

void RequestMetrics::refused(Code code) {
  const auto place = static_cast<std::size_t>(code);
  INVARIANT(place < code_count, "a code behind the last one");
  refusals_[place]->add();
}

}  // namespace triggers::api
