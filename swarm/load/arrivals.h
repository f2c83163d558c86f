#pragma once

// When the tasks of an open model are due, how many of them wait, and for how long. How well the test kept to it is in
// schedule.h; running the tasks is in running_user.h.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "swarm/load/reactor.h"
#include "swarm/stats/histogram.h"

namespace triggers::swarm {

/// The times at which an open model's tasks are due: evenly spaced from a start. The backlog is a range of numbers, so
/// a service that stalls for an hour costs no memory.
class Arrivals {
 public:
  /// `per_second` is above 0.
  Arrivals(MonotonicTime start, double per_second) : start_(start), per_second_(per_second) {}

  [[nodiscard]] MonotonicTime due(std::uint64_t number) const {
    return start_ + std::chrono::duration_cast<std::chrono::nanoseconds>(
                        std::chrono::duration<double>(static_cast<double>(number) / per_second_));
  }
  /// When the next task is, or was, due.
  [[nodiscard]] MonotonicTime next_due() const { return due(begun_); }
  /// Begins the next task. Returns when it was due.
  MonotonicTime begin() { return due(begun_++); }
  [[nodiscard]] std::uint64_t begun() const noexcept { return begun_; }
  /// The number of tasks that are due at `now` and have not begun.
  [[nodiscard]] std::uint64_t waiting(MonotonicTime now) const {
    if (now < next_due()) return 0;
    const double due_by_now = std::chrono::duration<double>(now - start_).count() * per_second_;
    return static_cast<std::uint64_t>(due_by_now) + 1 - begun_;
  }
  /// Takes the tasks that were due before `from` and have not begun off the schedule.
  void skip_to(MonotonicTime from) {
    if (from > start_) begun_ += waiting(from - std::chrono::nanoseconds{1});
  }
  /// Adds how long each of these has been due, in at most a thousand steps.
  void add_ages(MonotonicTime now, Histogram& ages) const {
    constexpr std::uint64_t steps_max = 1000;
    const std::uint64_t count = waiting(now);
    const std::uint64_t step = count / steps_max + 1;
    for (std::uint64_t i = 0; i < count; i += step) {
      ages.add(now - due(begun_ + i), std::min(step, count - i));
    }
  }

 private:
  MonotonicTime start_;
  double per_second_;
  std::uint64_t begun_ = 0;
};

}  // namespace triggers::swarm
