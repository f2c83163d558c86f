#pragma once

// Requests that a stop interrupted, with their ages. What reports make of them is in report/stalled.h and
// report/unended_latencies.h.

#include <algorithm>
#include <chrono>

#include "swarm/stats/histogram.h"

namespace triggers::swarm {

/// Requests whose user was stopped while they were in flight, usually at the end of a test. The latency of each is
/// unknown but longer than its age: the time from when it was sent (or due) to the stop.
struct CutOff {
  Histogram ages;
  std::chrono::nanoseconds oldest{};

  void add(std::chrono::nanoseconds age) {
    ages.add(age);
    oldest = std::max(oldest, age);
  }
  void merge(const CutOff& other) {
    ages.merge(other.ages);
    oldest = std::max(oldest, other.oldest);
  }
  [[nodiscard]] std::uint64_t requests() const noexcept { return ages.count(); }
};

}  // namespace triggers::swarm
