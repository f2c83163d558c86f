#pragma once

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

/// `unavailable` if the limits of this process leave no room for the plan: which limit, what is needed, and how to
/// raise it. Starts so many threads and ends them again. Before the store is opened, as neither RocksDB nor the
/// allocator can do with a thread less or without its first memory: they end the process.
Status check_threads(const ThreadPlan& plan);

}  // namespace triggers
