#pragma once

// How many threads the process needs, and whether it may have them. Descriptors are in descriptor_plan.h.

#include <cstddef>

#include "base/result.h"
#include "config/config.h"

namespace triggers {

/// The threads that a process may have at once with its store open, and the address space that they take.
struct ThreadPlan {
  std::size_t threads = 0;
  std::size_t bytes = 0;  ///< Stacks, the allocator's arenas, and some memory to begin with.
};

/// `serves`: a server; otherwise a command that opens the store by itself.
ThreadPlan plan_threads(const config::Config& config, bool serves);

/// `unavailable` if the limits of this process are too small for the plan; the message says which limit, what is
/// needed, and how to raise it. Starts that many threads and ends them again. Call it before the store is opened,
/// because RocksDB and the allocator end the process if they lack a thread or their first memory.
Status check_threads(const ThreadPlan& plan);

}  // namespace triggers
