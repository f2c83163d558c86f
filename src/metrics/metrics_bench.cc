#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include "metrics/metrics.h"

namespace triggers::metrics {
namespace {

void add_to_a_counter(benchmark::State& state) {
  static Counter counter;
  for (auto _ : state) counter.add();
}
BENCHMARK(add_to_a_counter)->Threads(1)->Threads(2)->UseRealTime();

void observe_in_a_histogram(benchmark::State& state) {
  static Histogram histogram(duration_bounds_seconds());
  for (auto _ : state) histogram.observe(0.0034);
}
BENCHMARK(observe_in_a_histogram)->Threads(1)->Threads(2)->UseRealTime();

/// The cost of the library's own counters, which is the reason for ours.
void add_to_a_library_counter(benchmark::State& state) {
  static prometheus::Counter counter;
  for (auto _ : state) counter.Increment();
}
BENCHMARK(add_to_a_library_counter)->Threads(1)->Threads(2)->UseRealTime();

void observe_in_a_library_histogram(benchmark::State& state) {
  const auto bounds = duration_bounds_seconds();
  static prometheus::Histogram histogram(prometheus::Histogram::BucketBoundaries(bounds.begin(), bounds.end()));
  for (auto _ : state) histogram.Observe(0.0034);
}
BENCHMARK(observe_in_a_library_histogram)->Threads(1)->Threads(2)->UseRealTime();

void exposition_of_200_metrics(benchmark::State& state) {
  Registry registry;
  for (int i = 0; i < 200; ++i) registry.counter("triggers_test_total", "Tests.", {{"i", std::to_string(i)}}).add();
  for (auto _ : state) benchmark::DoNotOptimize(registry.exposition());
}
BENCHMARK(exposition_of_200_metrics)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace triggers::metrics
