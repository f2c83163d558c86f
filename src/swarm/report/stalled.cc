#include "swarm/report/stalled.h"

#include <algorithm>

#include "swarm/report/waiting.h"

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

Stalled stalled_of(const Selection& selection, const RunReport& report) {
  constexpr double highest_percentile = 0.999;
  Stalled stalled;
  stalled.limit =
      std::max<std::chrono::nanoseconds>(Stalled::wait_min, selection.ended.latencies.quantile(highest_percentile));
  Entry with_unended = selection.ended;
  const auto unended = add_unended(with_unended, selection.cut_off, report, stalled.limit);
  stalled.missing = with_unended.requests - selection.ended.requests;
  // Of tasks of a schedule that were never sent, only the share of these names is missing.
  stalled.requests = std::min(unended, stalled.missing);
  return stalled;
}

double error_rate_with(const Stalled& stalled, const Entry& ended) {
  const auto all = static_cast<double>(ended.requests + stalled.missing);
  return all == 0 ? 0 : 100 * static_cast<double>(ended.failures + stalled.missing) / all;
}

}  // namespace triggers::swarm
