// The cost of token buckets and of the failure limiter.

#include <benchmark/benchmark.h>

#include <chrono>

#include "limit/failure_limiter.h"
#include "limit/token_bucket.h"

namespace triggers::limit {
namespace {

using Clock = std::chrono::steady_clock;

void take_from_one_bucket(benchmark::State& state) {
  static TokenBucket bucket(10'000'000);
  for (auto _ : state) benchmark::DoNotOptimize(bucket.take(Clock::now()));
}
BENCHMARK(take_from_one_bucket)->Threads(1)->Threads(8)->UseRealTime();

void record_of_a_failure(benchmark::State& state) {
  static FailureLimiter limiter(30);
  for (auto _ : state) benchmark::DoNotOptimize(limiter.record_failure("203.0.113.9", Clock::now()));
}
BENCHMARK(record_of_a_failure)->Threads(1)->Threads(8)->UseRealTime();

}  // namespace
}  // namespace triggers::limit
