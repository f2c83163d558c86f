#pragma once

// Which unfinished requests had waited unusually long, of one name or of all (Selection); the error rate with them; and
// recording them as failures for a Locust master. Their effect on latencies is in unfinished_latencies.h; counting them
// at the stop is in stats/cut_off.h.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// Requests of some names: those that ended, and those in flight at the end.
struct Selection {
  Entry ended;
  CutOff cut_off;
};
/// For one name, or for all if `name` is empty.
[[nodiscard]] Selection select(const Statistics& statistics, std::string_view name = {});
/// For one row of the tables.
[[nodiscard]] Selection select(const Statistics& statistics, std::string_view method, std::string_view name);

/// Requests that were in flight or unsent at the end, and had waited longer than a second and longer than p99.9 of the
/// ended requests. Shorter waits are normal at the end of a test.
struct Stalled {
  static constexpr std::chrono::seconds wait_min{1};

  std::chrono::nanoseconds limit{};  ///< A request has stalled if it waited longer than this.
  std::uint64_t requests = 0;
  /// `requests`, plus those that stalled users of the closed model would have sent meanwhile. So a stall weighs as much
  /// as its share of the test (see unfinished_latencies.h).
  std::uint64_t missing = 0;
};
[[nodiscard]] Stalled stalled_of(const Selection& selection, const RunReport& report);

/// Records the stalled requests among those that `newest` cut off as failures, each with its wait, because a Locust
/// master has no figure for requests that were cut off. `test` is everything counted in this test, including `newest`.
/// Returns the number of failures.
std::uint64_t fail_stalled(Statistics& newest, const Statistics& test, EpochSeconds now);

/// In percent: failed and missing requests, as a share of ended and missing ones. 0 without any.
[[nodiscard]] double error_rate_with(const Stalled& stalled, const Entry& ended);

}  // namespace triggers::swarm
