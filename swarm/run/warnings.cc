#include "swarm/run/warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "swarm/report/generator_limits.h"

namespace triggers::swarm {
namespace {

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

/// If `late` percent of the latencies are too high, a percentile is at most the true percentile `late` points above it.
std::string what_lateness_changes(double late) {
  constexpr double judged = 95;
  if (judged + late < 100) return fmt::format("So the reported p95 is at most the true p{:.2f}", judged + late);
  return fmt::format("So the percentiles above p{:.0f} say little about the service", std::max(0.0, 100 - late));
}

void add_cut_off(const RunReport& report, std::vector<std::string>& warnings) {
  constexpr double noticed_ms = 100;
  const CutOff cut_off = report.statistics->cut_off();
  const double oldest_ms = static_cast<double>(cut_off.oldest.count()) / 1e6;
  if (oldest_ms < noticed_ms) return;
  const Entry ended = report.statistics->aggregated();
  if (oldest_ms <= ended.response_ms_max) return;
  warnings.push_back(fmt::format(
      "{} requests were in flight when the test ended, for up to {:.2f} s; the slowest answered request took "
      "{:.2f} s. The service may have stalled. The tables do not include these requests; "
      "--fail-if counts them, and --stop-timeout lets them finish",
      cut_off.requests(), oldest_ms / 1000, ended.response_ms_max / 1000));
}

std::string why_unsent(const Schedule& schedule) {
  std::string text;
  const auto add = [&text](std::uint64_t count, std::string_view why) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? ". Of those not begun, " : ", ", count, why);
  };
  add(schedule.unsent_without_user, "had no free user: all of --users were in flight");
  add(schedule.unsent_behind, "were late because of the generator");
  add(schedule.unsent - schedule.unsent_without_user - schedule.unsent_behind, "had become due just then");
  return text;
}

void add_schedule(const Schedule& schedule, std::vector<std::string>& warnings) {
  const std::uint64_t due = schedule.arrivals + schedule.unsent;
  if (schedule.unconnected > 0) {
    warnings.push_back(
        fmt::format("{} users got no connection before the schedule began: their first latencies include connecting",
                    schedule.unconnected));
  }
  if (schedule.behind > 0) {
    const double late = percent(schedule.behind, due);
    const double late_ms = static_cast<double>(schedule.behind_max.count()) / 1e6;
    warnings.push_back(fmt::format(
        "the generator was late: {} of {} tasks ({:.2f} %) began more than 10 ms late although a user was free, at "
        "most {:.1f} ms late. Their latencies are too high by up to that time; the others are correct. {}",
        schedule.behind, due, late, late_ms, what_lateness_changes(late)));
  }
  if (schedule.waited_for_user > 0) {
    warnings.push_back(fmt::format(
        "{} of {} tasks ({:.2f} %) had to wait for a free user; their latencies count from when they were due. If "
        "the service was fast, use more users (--users)",
        schedule.waited_for_user, due, percent(schedule.waited_for_user, due)));
  }
  if (schedule.unsent + schedule.unfinished > 0) {
    warnings.push_back(fmt::format(
        "at the end, {} tasks were due but had not begun, and {} had begun and were cut off: no figure includes "
        "their latencies{}",
        schedule.unsent, schedule.unfinished, why_unsent(schedule)));
  }
}

}  // namespace

std::vector<std::string> warnings_of(const RunReport& report) {
  std::vector<std::string> warnings;
  if (report.refusal) warnings.push_back("the test was aborted at its start: " + *report.refusal);
  add_cut_off(report, warnings);
  for (GeneratorLimit& limit : generator_limits(report)) warnings.push_back(std::move(limit.text));
  // Tasks that the stop cut off are normal at the end of a test.
  if (report.rate && (report.schedule.arrivals > 0 || report.schedule.unsent > 0)) {
    Schedule schedule = report.schedule;
    if (schedule.unsent == 0) schedule.unfinished = 0;
    add_schedule(schedule, warnings);
  }
  if (const auto limited = report.statistics->limited_requests(); limited > 0) {
    warnings.push_back(
        fmt::format("{} requests were answered 429: the key's rate limit was measured, not the service. Make a "
                    "key with --rate-limit unlimited, or set several in LOCUST_API_KEY",
                    limited));
  }
  return warnings;
}

}  // namespace triggers::swarm
