#include <benchmark/benchmark.h>

#include <array>
#include <random>
#include <vector>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {
namespace {

using namespace std::chrono_literals;

const std::array<RequestName, 5> names{RequestName("POST", "POST /events"), RequestName("GET", "GET /inbox"),
                                       RequestName("GET", "GET /events/{id}"),
                                       RequestName("DELETE", "DELETE /events/{id}"), RequestName("GET", "GET /status")};

/// Latencies around 2 ms with a long tail, at 150,000 requests a second.
std::vector<Sample> samples() {
  std::mt19937_64 random{1};
  std::lognormal_distribution<> latency_ms{0.7, 0.8};
  std::vector<Sample> all(1 << 14);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].latency = std::chrono::nanoseconds{static_cast<std::int64_t>(latency_ms(random) * 1e6)};
    all[i].content_bytes = 120;
    all[i].finished = 1.7e9 + static_cast<double>(i) / 150'000;
    all[i].accepted = 1;
  }
  return all;
}

/// A load thread's own cost for each request.
void record(benchmark::State& state) {
  const auto requests = samples();
  Statistics statistics;
  std::size_t i = 0;
  for (auto _ : state) {
    statistics.record(names[i % names.size()], requests[i % requests.size()]);
    ++i;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(record);

void record_failure(benchmark::State& state) {
  auto requests = samples();
  for (auto& request : requests) request.failed = true;
  const std::string error = "ConnectionRefusedError(111, 'Connection refused')";
  Statistics statistics;
  std::size_t i = 0;
  for (auto _ : state) {
    const RequestName name = names[i % names.size()];
    const Sample& request = requests[i % requests.size()];
    statistics.record(name, request);
    statistics.record_failure(name, error, request.finished);
    ++i;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(record_failure);

Statistics filled(int seconds) {
  const auto requests = samples();
  Statistics statistics{1.7e9};
  for (int second = 0; second < seconds; ++second) {
    for (std::size_t i = 0; i < 500; ++i) {
      Sample request = requests[(i * 31 + static_cast<std::size_t>(second)) % requests.size()];
      request.finished = 1.7e9 + second;
      statistics.record(names[i % names.size()], request);
    }
  }
  return statistics;
}

/// What the owner does once a second for each thread.
void merge_a_second(benchmark::State& state) {
  Statistics statistics = filled(3600);
  const Statistics delta = filled(1);
  for (auto _ : state) statistics.merge(delta);
}
BENCHMARK(merge_a_second)->Unit(benchmark::kMicrosecond);

/// What tables and files ask for, after an hour.
void aggregate_an_hour(benchmark::State& state) {
  const Statistics statistics = filled(3600);
  for (auto _ : state) benchmark::DoNotOptimize(statistics.aggregated());
}
BENCHMARK(aggregate_an_hour)->Unit(benchmark::kMicrosecond);

void quantile(benchmark::State& state) {
  const Entry all = filled(60).aggregated();
  for (auto _ : state) benchmark::DoNotOptimize(all.latencies.quantile(0.99));
}
BENCHMARK(quantile)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace triggers::swarm
