#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "swarm/report/locust_rows.h"

namespace triggers::swarm {

/// The response times of about the last ten seconds, for Locust's "current" percentiles. Locust keeps how the times
/// stood at the end of each of the last 20 seconds, takes the one that is nearest to ten seconds old, and counts what
/// has come since. It notes a second when the next one has a request; here each call to remember() does, so a pause
/// leaves no gap.
class RecentTimes {
 public:
  /// Once a second, when all that was counted before `now` is in `rows`; `start` is that of their statistics, and
  /// another one than before forgets everything.
  void remember(const LocustRows& rows, EpochSeconds start, EpochSeconds now);
  /// Empty until something is old enough.
  [[nodiscard]] LocustTimes recent(const Statistics::Row& row, EpochSeconds now) const;

 private:
  using BySecond = std::map<std::int64_t, LocustTimes>;  // as they stood at the end of the second

  EpochSeconds start_ = 0;
  std::map<std::pair<std::string, std::string>, BySecond> by_name_;
};

}  // namespace triggers::swarm
