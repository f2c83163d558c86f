#pragma once

// The times of a test, as seconds since the Unix epoch that no step of the clock disturbs. Durations of requests are
// measured with std::chrono::steady_clock.

#include <chrono>

namespace triggers::swarm {

/// Seconds since the Unix epoch, as in Locust's files and messages.
using EpochSeconds = double;

/// The wall clock's time at anchor_epoch() plus the monotonic time since then. So a step of the wall clock during a
/// test changes no rate, duration or verdict, and two of these times can be subtracted. Thread-safe.
[[nodiscard]] EpochSeconds epoch_at(std::chrono::steady_clock::time_point when);
[[nodiscard]] EpochSeconds epoch_now();

/// Reads the wall clock again. Call it before a test, so that a long-running process follows a clock that was set
/// between two tests. Without a call, the first use of epoch_at() or epoch_now() reads it.
void anchor_epoch();

}  // namespace triggers::swarm
