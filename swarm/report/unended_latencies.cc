#include "swarm/report/unended_latencies.h"

#include <algorithm>
#include <cmath>

namespace triggers::swarm {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint64_t steps_max = 1000;

void add(Entry& entry, nanoseconds latency, std::uint64_t count) {
  const double ms = static_cast<double>(latency.count()) / 1e6;
  entry.response_ms_min = entry.requests == 0 ? ms : std::min(entry.response_ms_min, ms);
  entry.response_ms_max = std::max(entry.response_ms_max, ms);
  entry.response_ms_total += ms * static_cast<double>(count);
  entry.requests += count;
  entry.latencies.add(latency, count);
}

/// Adds a request of this age, and the later ones of its user that would exceed the limit too, in at most 1,000 steps.
void add_with_followers(Entry& entry, nanoseconds age, nanoseconds limit, nanoseconds interval, std::uint64_t count) {
  const auto followers =
      interval <= nanoseconds{0} ? 0 : static_cast<std::uint64_t>(std::max((age - limit) / interval, std::int64_t{0}));
  const std::uint64_t requests = followers + 1;
  const std::uint64_t step = requests / steps_max + 1;
  for (std::uint64_t i = 0; i < requests; i += step) {
    const nanoseconds waited = age - interval * static_cast<std::int64_t>(i);
    if (waited > limit) add(entry, waited, count * std::min(step, requests - i));
  }
}

/// The time of all users together, while anything was counted.
double user_seconds_of(const RunReport& report) {
  const EpochSeconds start = report.statistics->start();
  double sum = 0;
  if (report.history != nullptr) {
    for (const auto& point : report.history->points()) {
      if (point.from + point.seconds > start) sum += static_cast<double>(point.users) * point.seconds;
    }
  }
  return sum > 0 ? sum : (report.ended - start) * static_cast<double>(report.users_wanted);
}

std::uint64_t older_than(const Histogram& ages, std::chrono::nanoseconds limit) {
  std::uint64_t older = 0;
  for (const auto& bucket : ages.buckets()) older += bucket.from > limit ? bucket.count : 0;
  return older;
}

}  // namespace

void add_cut_off(Entry& entry, const CutOff& cut_off, nanoseconds limit, nanoseconds interval) {
  for (const auto& bucket : cut_off.ages.buckets()) {
    // A bucket is less than 1 % wide; the oldest is known exactly.
    const nanoseconds age = cut_off.oldest < bucket.to ? cut_off.oldest : bucket.from;
    if (age > limit) add_with_followers(entry, age, limit, interval, bucket.count);
  }
}

void add_waiting(Entry& entry, const Histogram& ages, nanoseconds limit, double share) {
  for (const auto& bucket : ages.buckets()) {
    const auto count = static_cast<std::uint64_t>(std::llround(share * static_cast<double>(bucket.count)));
    if (bucket.from > limit && count > 0) add(entry, bucket.from, count);
  }
}

std::uint64_t add_unended(Entry& entry, const CutOff& cut_off, const RunReport& report, nanoseconds limit) {
  const std::uint64_t unended = older_than(cut_off.ages, limit);
  if (!report.rate) {
    const double requests = static_cast<double>(std::max<std::uint64_t>(entry.requests, 1));
    const std::chrono::duration<double> interval{user_seconds_of(report) / requests};
    add_cut_off(entry, cut_off, limit, std::chrono::duration_cast<nanoseconds>(interval));
    return unended;
  }
  const double share = static_cast<double>(entry.requests) /
                       static_cast<double>(std::max<std::uint64_t>(report.statistics->aggregated().requests, 1));
  add_waiting(entry, cut_off.ages, limit, 1);
  add_waiting(entry, report.schedule.unsent_ages, limit, share);
  return unended + older_than(report.schedule.unsent_ages, limit);
}

}  // namespace triggers::swarm
