#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

/// Of some names' requests: what ended, and what was in flight at the end.
struct Selection {
  Entry ended;
  CutOff cut_off;
};
/// Of one name, or of all if `name` is empty.
[[nodiscard]] Selection select(const Statistics& statistics, std::string_view name = {});

/// A request that was in flight at the end, or due and not sent, has stalled if it had waited for longer than a second
/// and longer than p99.9 of those that ended. Any other is the normal end of a test.
struct Stalled {
  static constexpr std::chrono::seconds wait_min{1};

  std::chrono::nanoseconds limit{};  ///< The wait above which one counts.
  std::uint64_t requests = 0;
  /// Requests that would have been answered over the limit or not at all. In the closed model a stalled user sends
  /// nothing, so this is more than `requests`: a stall counts for as much as its part of the test (see
  /// unended_latencies.h).
  std::uint64_t missing = 0;
};
[[nodiscard]] Stalled stalled_of(const Selection& selection, const RunReport& report);

/// For a master, which has no place for what was cut off: records the stalled requests among those that `newest` cut
/// off as failures of their names, each with its wait. `test` is all that was counted in this test, `newest` included.
/// Returns how many there were.
std::uint64_t fail_stalled(Statistics& newest, const Statistics& test, EpochSeconds now);

/// In percent: failures and missing answers, of all that ended and these. 0 without any.
[[nodiscard]] double error_rate_with(const Stalled& stalled, const Entry& ended);

}  // namespace triggers::swarm
