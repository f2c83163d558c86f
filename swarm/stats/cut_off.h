#pragma once

#include <algorithm>
#include <chrono>

#include "swarm/stats/histogram.h"

namespace triggers::swarm {

/// Requests whose user was stopped while they were in flight, at the end of a test as a rule. Their latencies are not
/// known: only that each is longer than its age, the time from when it was (or should have been) sent to the stop.
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
