#pragma once

#include <cstddef>
#include <vector>

#include "base/gather.h"
#include "base/sync_wait.h"

namespace triggers {

/// Runs `count` tasks beside each other on this thread, to their ends; `make` gives the task of a number from 0. Throws
/// what the first to fail has thrown. For tests.
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
