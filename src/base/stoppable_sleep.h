#pragma once

// Sleeps on a thread until a time or a stop. A coroutine must not call it.

#include <chrono>
#include <stop_token>

namespace triggers {

/// Blocks for `time`, or until `stop` is requested, whichever is first.
void stoppable_sleep(const std::stop_token& stop, std::chrono::steady_clock::duration time);

}  // namespace triggers
