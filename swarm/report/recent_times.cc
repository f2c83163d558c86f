#include "swarm/report/recent_times.h"

namespace triggers::swarm {
namespace {

constexpr std::int64_t window_s = 10;
constexpr std::int64_t tolerance_s = 8;
constexpr std::size_t seconds_kept = 20;

}  // namespace

void RecentTimes::remember(const LocustRows& rows, EpochSeconds start, EpochSeconds now) {
  if (start != start_) by_name_.clear();
  start_ = start;
  const std::int64_t ended = static_cast<std::int64_t>(now) - 1;
  if (ended < static_cast<std::int64_t>(start)) return;
  const auto remember_row = [&](const Statistics::Row& row) {
    BySecond& seconds = by_name_[{row.name, row.method}];
    seconds.insert_or_assign(ended, row.entry->locust_times);
    if (seconds.size() > seconds_kept) seconds.erase(seconds.begin());
  };
  for (const auto& row : rows.names()) remember_row(row);
  remember_row(rows.aggregated());
}

LocustTimes RecentTimes::recent(const Statistics::Row& row, EpochSeconds now) const {
  const auto known = by_name_.find({row.name, row.method});
  if (known == by_name_.end()) return {};
  const std::int64_t wanted = static_cast<std::int64_t>(now) - window_s;
  // If two are equally far, the older one is used.
  for (std::int64_t away = 0; away <= tolerance_s; ++away) {
    for (const std::int64_t second : {wanted - away, wanted + away}) {
      const auto then = known->second.find(second);
      if (then != known->second.end()) return row.entry->locust_times.since(then->second);
    }
  }
  return {};
}

}  // namespace triggers::swarm
