// Writes reports of invented load tests: swarm_report_sample NAME >FILE writes an HTML report, and swarm_report_sample
// NAME COLUMNS a live view for a terminal of that width. tests/e2e/test_swarm_html.py reads both.

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <numbers>
#include <random>
#include <string>
#include <string_view>

#include "swarm/report/html_report.h"
#include "swarm/report/progress.h"

namespace triggers::swarm {
namespace {

using std::chrono::nanoseconds;

constexpr EpochSeconds start = 1'764'054'000;  // 2025-11-25 07:00:00 UTC

/// A load test of so many seconds, in which ten users start each second.
class Sample {
 public:
  Sample(double seconds, std::size_t users, double requests_per_second)
      : seconds_(seconds), users_(users), rate_(requests_per_second), statistics_(start) {}

  double failing = 0;                     // the share of requests that fail in the middle third
  double stall_at = -1;                   // from here on, nothing is answered for two seconds
  double pause_from = -1, pause_to = -1;  // between these, nothing is sent
  double day = 0;                         // the period of the load's oscillation
  bool outlier = false;

  void run() {
    double at = 0;
    for (; at + 1 <= seconds_; ++at) second(at, 1);
    second(at, std::max(seconds_ - at, 0.02));
    report_.host = "http://localhost:8000";
    report_.user_classes = {"HighThroughputUser", "TriggersAPIUser"};
    report_.users = {users_ / 5, users_ - users_ / 5};
    report_.users_wanted = users_;
    report_.started = start;
    report_.ended = start + seconds_;
    report_.run_time = std::chrono::seconds{std::llround(seconds_)};
    report_.processor_time = nanoseconds{std::llround(seconds_ * 0.31e9)};
    report_.busiest_thread = 0.42;
  }

  [[nodiscard]] RunReport report() const {
    RunReport report = report_;
    report.statistics = &statistics_;
    report.history = &history_;
    return report;
  }
  RunReport& facts() { return report_; }
  Statistics& statistics() { return statistics_; }

 private:
  void second(double at, double length) {
    const auto users = static_cast<std::size_t>(std::min(static_cast<double>(users_), 10 * (at + 1)));
    Statistics newer(start);
    const double share = static_cast<double>(users) / static_cast<double>(users_);
    double rate = rate_ * share * (day > 0 ? 1 - 0.4 * std::cos(2 * std::numbers::pi * at / day) : 1);
    if (at >= pause_from && at < pause_to) rate = 0;
    const auto count = std::poisson_distribution<int>(rate * length + 1e-9)(random_);
    for (int i = 0; i < count; ++i) request(newer, at, length);
    statistics_.merge(newer);
    history_.add(start + at, length, users, newer.aggregated());
  }

  void request(Statistics& newer, double at, double length) {
    static const RequestName post("POST", "POST /events"), inbox("GET", "GET /inbox"), get("GET", "GET /events/{id}"),
        remove("DELETE", "DELETE /events/{id}"), status("GET", "GET /status");
    const double kind = uniform_(random_);
    const RequestName name = kind < 0.55   ? post
                             : kind < 0.75 ? inbox
                             : kind < 0.88 ? get
                             : kind < 0.97 ? remove
                                           : status;
    const double median = name == inbox ? 2.4 : name == post ? 1.3 : 0.6;
    double ms = std::lognormal_distribution<double>(std::log(median), 0.45)(random_);
    if (uniform_(random_) < 0.012) ms += std::exponential_distribution<double>(1 / 12.0)(random_);
    if (stall_at >= 0 && at >= stall_at && at < stall_at + 2) ms += 1000 * (2 - (at - stall_at)) * uniform_(random_);
    if (outlier && at > seconds_ / 2 && uniform_(random_) < 0.0005) ms = 59'000;
    triggers::swarm::Sample sample;
    sample.latency = nanoseconds{std::llround(ms * 1e6)};
    sample.content_bytes = name == inbox ? 5200 : 180;
    sample.finished = start + at + length * uniform_(random_);
    sample.failed = at > seconds_ / 3 && at < seconds_ * 2 / 3 && uniform_(random_) < failing;
    sample.accepted = name == post && !sample.failed ? 1 : 0;
    newer.record(name, sample);
    if (!sample.failed) return;
    const bool refused = uniform_(random_) < 0.3;
    newer.record_failure(name,
                         refused ? "ConnectionRefusedError(111, 'Connection refused')"
                                 : "HTTPError('503 Server Error: Service Unavailable for url: POST /events')",
                         sample.finished);
  }

  double seconds_;
  std::size_t users_;
  double rate_;
  Statistics statistics_;
  History history_;
  RunReport report_;
  std::mt19937_64 random_{7};
  std::uniform_real_distribution<double> uniform_{0, 1};
};

constexpr std::string_view hostile = "<script>alert('x')</script> & \"quotes\" \x01 \xff\xfe grün — 失敗\nsecond line";

Sample make(std::string_view name) {
  if (name == "day") {
    Sample sample(86'400, 200, 40);
    sample.day = 86'400;
    sample.outlier = true;
    sample.pause_from = 50'000;
    sample.pause_to = 54'000;
    sample.run();
    return sample;
  }
  if (name == "failing") {
    Sample sample(300.02, 500, 900);
    sample.failing = 0.2;
    sample.stall_at = 220;
    sample.run();
    sample.facts().rate = 900;
    Schedule& schedule = sample.facts().schedule;
    schedule.arrivals = 268'000;
    schedule.waited_for_user = 1520;
    schedule.behind = 312;
    schedule.unsent = 40;
    for (int i = 0; i < 10'000; ++i) schedule.lateness.add(nanoseconds{20'000 + i * i});
    sample.facts().busiest_thread = 0.97;
    sample.facts().warnings = {
        "a load thread was busy for 97 % of its time: the generator was the bottleneck, and latencies are "
        "partly its own",
        std::string(hostile)};
    sample.statistics().record_failure(RequestName("GET", "GET /<b>inbox</b>"), std::string(hostile), start + 12);
    sample.statistics().record_exception(std::string(hostile),
                                         "Traceback:\n  in task 'send'\n    <img src=x onerror=alert(1)>");
    return sample;
  }
  if (name == "many") {
    Sample sample(30, 50, 100);
    sample.run();
    for (int i = 0; i < 1000; ++i) {
      const RequestName one("GET", "GET /a/path/that/holds/an/id/" + std::to_string(i % 300));
      sample.statistics().record(one, {.latency = nanoseconds{1'000'000 + i}, .finished = start + 5, .failed = true});
      sample.statistics().record_failure(one, std::to_string(i) + std::string(5000, '<'), start + 5);
      sample.statistics().record_exception(std::to_string(i) + std::string(5000, '&'), std::string(5000, '"'));
    }
    return sample;
  }
  if (name == "empty") {
    Sample sample(10, 5, 0);
    sample.run();
    return sample;
  }
  if (name == "none") return Sample(0, 1, 0);
  if (name == "one") {
    Sample sample(0.4, 1, 4);
    sample.run();
    return sample;
  }
  Sample sample(10.02, 50, 2400);
  sample.run();
  return sample;
}

}  // namespace
}  // namespace triggers::swarm

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: swarm_report_sample short|day|failing|many|empty|none|one [COLUMNS]\n";
    return 2;
  }
  const auto sample = triggers::swarm::make(argv[1]);
  if (argc == 3) {
    std::cout << triggers::swarm::progress_line(sample.report(), std::strtoul(argv[2], nullptr, 10)) << '\n';
  } else {
    std::cout << triggers::swarm::render_html(sample.report());
  }
  return 0;
}
