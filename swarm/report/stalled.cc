#include "swarm/report/stalled.h"

#include <algorithm>

#include "swarm/report/unfinished_latencies.h"

namespace triggers::swarm {

Selection select(const Statistics& statistics, std::string_view name) {
  Selection selection;
  for (const auto& row : statistics.rows()) {
    if (name.empty() || row.name == name) selection.ended.merge(*row.entry);
  }
  for (const auto& row : statistics.cut_off_rows()) {
    if (name.empty() || row.name == name) selection.cut_off.merge(*row.cut_off);
  }
  return selection;
}

Selection select(const Statistics& statistics, std::string_view method, std::string_view name) {
  Selection selection;
  for (const auto& row : statistics.rows()) {
    if (row.method == method && row.name == name) selection.ended.merge(*row.entry);
  }
  for (const auto& row : statistics.cut_off_rows()) {
    if (row.method == method && row.name == name) selection.cut_off.merge(*row.cut_off);
  }
  return selection;
}

namespace {

std::chrono::nanoseconds limit_of(const Entry& ended) {
  constexpr double highest_percentile = 0.999;
  return std::max<std::chrono::nanoseconds>(Stalled::wait_min, ended.latencies.quantile(highest_percentile));
}

}  // namespace

Stalled stalled_of(const Selection& selection, const RunReport& report) {
  Stalled stalled;
  stalled.limit = limit_of(selection.ended);
  Entry with_unfinished = selection.ended;
  const auto unfinished = add_unfinished(with_unfinished, selection.cut_off, report, stalled.limit);
  stalled.missing = with_unfinished.requests - selection.ended.requests;
  // Unsent tasks have no name yet, so these names get their share of them.
  stalled.requests = std::min(unfinished, stalled.missing);
  return stalled;
}

std::uint64_t fail_stalled(Statistics& newest, const Statistics& test, EpochSeconds now) {
  std::uint64_t stalled = 0;
  for (const auto& row : newest.cut_off_rows()) {
    const RequestName name{row.method, row.name};
    const Entry* const ended = test.find(name);
    const auto limit = ended == nullptr ? Stalled::wait_min : limit_of(*ended);
    for (const auto& bucket : row.cut_off->ages.buckets()) {
      if (bucket.from <= limit) continue;
      stalled += bucket.count;
      for (std::uint64_t i = 0; i < bucket.count; ++i) {
        newest.record(name, {.latency = bucket.from, .finished = now, .failed = true});
        newest.record_failure(name, "stalled: no response when its user was stopped", now);
      }
    }
  }
  return stalled;
}

double error_rate_with(const Stalled& stalled, const Entry& ended) {
  const auto all = static_cast<double>(ended.requests + stalled.missing);
  return all == 0 ? 0 : 100 * static_cast<double>(ended.failures + stalled.missing) / all;
}

}  // namespace triggers::swarm
