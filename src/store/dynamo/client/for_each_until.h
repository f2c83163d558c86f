#pragma once

// Runs many calls concurrently until a deadline. Without a deadline: base/gather.h.

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/gather.h"
#include "base/result.h"
#include "base/task.h"

namespace triggers::store::dynamo {

/// A step of for_each_until().
template <class Step>
Task<void> step_of_for_each(Step& step, std::size_t i, std::chrono::steady_clock::time_point until, Status& outcome) {
  if (!outcome) co_return;
  if (std::chrono::steady_clock::now() >= until) {
    outcome = Error{ErrorCode::overloaded, "DynamoDB is too slow for so many"};
    co_return;
  }
  Status done = co_await step(i);
  if (!done && outcome) outcome = std::move(done);
}

/// Runs `step(i)`, a Task<Status>, for each i below `count`: concurrently, begun in order. After a failure, or at
/// `until`, it begins no further step, because each would take as long. Returns the first failure; `overloaded` if the
/// time was over.
template <class Step>
Task<Status> for_each_until(std::size_t count, std::chrono::steady_clock::time_point until, Step step) {
  constexpr std::size_t beside_each_other = 16;
  Status outcome = Done{};
  std::vector<Task<void>> steps;
  steps.reserve(count);
  for (std::size_t i = 0; i < count; ++i) steps.push_back(step_of_for_each(step, i, until, outcome));
  Gather all(std::move(steps), beside_each_other);
  co_await all;
  co_return outcome;
}

}  // namespace triggers::store::dynamo
