#pragma once

// For tests: lets allocations of the whole program fail.

#include <atomic>

/// Allocations that fail when a test says so: test_failing_memory.cc replaces operator new of the whole program.
namespace triggers::failing_memory {

/// How many allocations of this thread succeed before one fails; negative: all do.
extern thread_local long allocations_left;

/// While it is true, every allocation fails, except on threads that are spared.
extern std::atomic<bool> gone;
extern thread_local bool spared;

/// How many allocations have failed.
extern std::atomic<long> failures;
/// How many of them were 5 ms or more after the last failure of their thread, which means that it has paused.
extern std::atomic<long> failures_after_pause;

}  // namespace triggers::failing_memory
