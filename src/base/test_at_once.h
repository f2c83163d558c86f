#pragma once

// For tests: runs tasks concurrently on one thread.

#include <cstddef>
#include <vector>

#include "base/gather.h"
#include "base/sync_wait.h"

namespace triggers {

/// Runs `count` tasks concurrently on this thread until all have ended; make(i) creates task i, from 0. Rethrows the
/// first exception. For tests.
template <class Make>
void at_once(std::size_t count, Make make) {
  auto all = [&]() -> Task<void> {
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < count; ++i) tasks.push_back(make(i));
    Gather gather(std::move(tasks), count);
    co_await gather;
  };
  sync_wait(all());
}

}  // namespace triggers
