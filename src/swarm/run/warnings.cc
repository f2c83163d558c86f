#include "swarm/run/warnings.h"

#include <fmt/format.h>

#include "swarm/run/busy_watch.h"

namespace triggers::swarm {
namespace {

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

void add_schedule(const Schedule& schedule, std::vector<std::string>& warnings) {
  const std::uint64_t due = schedule.arrivals + schedule.unsent;
  if (schedule.behind > 0) {
    warnings.push_back(fmt::format(
        "the generator could not keep up: {} of {} tasks ({:.2f} %) began over 10 ms late although a user was free "
        "(99 % within {:.1f} ms). These latencies are the generator's, not the service's",
        schedule.behind, due, percent(schedule.behind, due),
        static_cast<double>(schedule.lateness.quantile(0.99).count()) / 1e6));
  }
  if (schedule.waited_for_user > 0) {
    warnings.push_back(fmt::format(
        "{} of {} tasks ({:.2f} %) had to wait for a free user; their latencies count from when they were due. If "
        "the service was quick all the same, more users (--users) would have kept the schedule",
        schedule.waited_for_user, due, percent(schedule.waited_for_user, due)));
  }
  if (schedule.unsent + schedule.unfinished > 0) {
    warnings.push_back(fmt::format(
        "{} tasks were due and not begun at the end, {} begun and cut off: none of them has a latency, and all "
        "were waiting",
        schedule.unsent, schedule.unfinished));
  }
}

}  // namespace

std::vector<std::string> warnings_of(const RunReport& report) {
  std::vector<std::string> warnings;
  if (report.busiest_thread > BusyWatch::busy_share) {
    warnings.push_back(
        fmt::format("a load thread was busy for {:.0f} % of its time: the generator was the bottleneck, and "
                    "latencies are partly its own",
                    100 * report.busiest_thread));
  }
  // One that is cut off by the stop is the normal end of a task.
  if (report.rate && (report.schedule.arrivals > 0 || report.schedule.unsent > 0)) {
    Schedule schedule = report.schedule;
    if (schedule.unsent == 0) schedule.unfinished = 0;
    add_schedule(schedule, warnings);
  }
  if (const auto limited = report.statistics->limited_requests(); limited > 0) {
    warnings.push_back(
        fmt::format("{} requests were answered 429: the key's rate limit was measured, not the service. Make a "
                    "key with --rate-limit unlimited, or give several in LOCUST_API_KEY",
                    limited));
  }
  return warnings;
}

}  // namespace triggers::swarm
