// The cost of a line of the access log, and of a line of the log below its level.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include "log/access_log.h"
#include "log/log.h"

namespace triggers::log {
namespace {

void access_line(benchmark::State& state) {
  static const int descriptor = open("/dev/null", O_WRONLY | O_CLOEXEC);
  static AccessLog log(descriptor);
  AccessEntry entry;
  entry.request_id = "0190a5c0-0000-7000-8000-000000000000";
  entry.method = "POST";
  entry.route = "/events";
  entry.status = 201;
  entry.duration = std::chrono::microseconds{850};
  entry.bytes_in = 412;
  entry.bytes_out = 163;
  entry.key_id = "key_0190a5c0-0000-7000-8000-000000000000";
  entry.user_id = "load-test";
  entry.client = "192.0.2.1";
  std::int64_t line = 0;
  for (auto _ : state) {
    entry.time = UnixMillis{std::chrono::milliseconds{1'700'000'000'000 + ++line / 50}};
    log.write(entry);
  }
  if (state.thread_index() == 0) state.counters["dropped"] = static_cast<double>(log.dropped());
}
BENCHMARK(access_line)->Threads(1)->Threads(2)->UseRealTime();

void line_below_the_level(benchmark::State& state) {
  for (auto _ : state) debug("never_written", {{"number", 1}});
}
BENCHMARK(line_below_the_level);

}  // namespace
}  // namespace triggers::log
