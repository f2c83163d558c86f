#pragma once

// Requests that no figure includes, because they were sent before the count began. What is counted is in statistics.h.

#include <cstdint>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// Requests that were sent in the warm-up, or before the schedule began.
struct Uncounted {
  std::uint64_t requests = 0;  ///< Includes failed requests.
  std::uint64_t failures = 0;
  std::uint64_t accepted = 0;

  void add(const Sample& sample) {
    ++requests;
    failures += sample.failed ? 1 : 0;
    accepted += sample.accepted;
  }
  void merge(const Uncounted& other) {
    requests += other.requests;
    failures += other.failures;
    accepted += other.accepted;
  }
};

}  // namespace triggers::swarm
