// The rates that are computed from Statistics (total_rates(), current_rates() and rates_over() of statistics.h).
// Counting is in statistics.cc.

#include <algorithm>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {
namespace {

double per_second(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

/// `count` over the time from the start to the last request; 0 if there was none.
double over_all(std::uint64_t count, const Entry& aggregated, EpochSeconds start) {
  return per_second(count, aggregated.last_finished.value_or(start) - start);
}

}  // namespace

Rates total_rates(const Entry& entry, const Entry& aggregated, EpochSeconds start) {
  return {over_all(entry.requests, aggregated, start), over_all(entry.failures, aggregated, start)};
}

Rates current_rates(const Entry& entry, const Entry& aggregated, EpochSeconds start) {
  constexpr std::int64_t oldest_s = 12, newest_s = 3;  // seconds before that of the last request
  if (!aggregated.last_finished) return {};
  const auto last = static_cast<std::int64_t>(*aggregated.last_finished);
  const std::int64_t from = std::max(last - oldest_s, static_cast<std::int64_t>(start));
  const std::int64_t to = last - newest_s;
  if (to < from) return {};
  const auto seconds = static_cast<double>(to - from + 1);
  return {static_cast<double>(entry.requests_by_second.sum(from, to)) / seconds,
          static_cast<double>(entry.failures_by_second.sum(from, to)) / seconds};
}

Rates rates_over(const Entry& entry, double seconds) {
  return {per_second(entry.requests, seconds), per_second(entry.failures, seconds)};
}

double accepted_per_second(const Entry& entry, double seconds) { return per_second(entry.accepted, seconds); }

}  // namespace triggers::swarm
