#include "swarm/stats/epoch_seconds.h"

#include <atomic>
#include <cstdint>

namespace triggers::swarm {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

/// Converts monotonic times to epoch times.
std::int64_t measured_offset_ns() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<nanoseconds>(wall).count() -
         std::chrono::duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

std::atomic<std::int64_t>& offset_ns() {
  static std::atomic<std::int64_t> offset{measured_offset_ns()};
  return offset;
}

}  // namespace

EpochSeconds epoch_at(steady_clock::time_point when) {
  const auto monotonic_ns = std::chrono::duration_cast<nanoseconds>(when.time_since_epoch()).count();
  return static_cast<double>(monotonic_ns + offset_ns().load(std::memory_order_relaxed)) / 1e9;
}

EpochSeconds epoch_now() { return epoch_at(steady_clock::now()); }

void anchor_epoch() { offset_ns().store(measured_offset_ns(), std::memory_order_relaxed); }

}  // namespace triggers::swarm
