#pragma once

#include <chrono>

namespace triggers::swarm {

/// Seconds since the Unix epoch, as Locust's files and messages have them.
using EpochSeconds = double;

/// What the wall clock would say at this moment if nobody had set it since anchor_epoch(): it was read once there, and
/// the monotonic clock counts from then on. So two of these can be subtracted: a step of the wall clock in the middle
/// of a test changes no rate, no duration and no verdict. Any thread.
[[nodiscard]] EpochSeconds epoch_at(std::chrono::steady_clock::time_point when);
[[nodiscard]] EpochSeconds epoch_now();

/// Reads the wall clock again, before a test: a process that lives for days follows a clock that was set between two
/// tests. The first use of the functions above does it too.
void anchor_epoch();

}  // namespace triggers::swarm
