#pragma once

// The response times of the last ten seconds, for Locust's "current" percentiles. Rates of the last seconds are in
// stats/per_second.h.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "swarm/report/locust_rows.h"

namespace triggers::swarm {

/// The response times of about the last ten seconds, for Locust's "current" percentiles. Like Locust, it keeps a
/// snapshot for each of the last 20 seconds and counts what came after the snapshot that is nearest to ten seconds old.
/// Locust takes a snapshot only in seconds with requests; here each call of remember() takes one, so a pause leaves no
/// gap.
class RecentTimes {
 public:
  /// Call it once a second, when `rows` includes everything counted before `now`. `start` is that of the rows'
  /// statistics; a new `start` drops all snapshots.
  void remember(const LocustRows& rows, EpochSeconds start, EpochSeconds now);
  /// Empty until a snapshot is old enough.
  [[nodiscard]] LocustTimes recent(const Statistics::Row& row, EpochSeconds now) const;

 private:
  using BySecond = std::map<std::int64_t, LocustTimes>;  // snapshots, by the second that they end

  EpochSeconds start_ = 0;
  std::map<std::pair<std::string, std::string>, BySecond> by_name_;
};

}  // namespace triggers::swarm
