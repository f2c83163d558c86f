#pragma once

// When the tasks of an open model are due on one load thread, how many of them wait, and for how long. The rate over
// time is in load_curve.h; how well the test kept to it is in schedule.h; running the tasks is in running_user.h.

#include <cstddef>
#include <cstdint>

#include "swarm/load/load_curve.h"
#include "swarm/load/random.h"
#include "swarm/load/reactor.h"
#include "swarm/stats/histogram.h"

namespace triggers::swarm {

/// How the tasks of a schedule are spread: evenly, or as those of many independent clients (a Poisson process), with
/// the same rate on average.
enum class ArrivalSpread : std::uint8_t { constant, poisson };

/// The share of one thread in a schedule.
struct ArrivalShare {
  std::size_t index = 0;
  std::size_t threads = 1;
};

/// The times at which the tasks of one thread are due. The backlog is a range of numbers, so a service that stalls for
/// an hour costs no memory.
///
/// A task is due when the area below the curve reaches its mark. With an even spread, threads take turns with the marks
/// 0, 1, 2, …, so that together they keep one schedule. With Poisson, the distances of a thread's marks are exponential
/// with a mean of the number of threads: such schedules add up to one of the whole rate.
class Arrivals {
 public:
  /// `curve` has tasks per second.
  Arrivals(MonotonicTime start, LoadCurve curve, ArrivalSpread spread, ArrivalShare share);

  /// When the next task is, or was, due; MonotonicTime::max() if there is none.
  [[nodiscard]] MonotonicTime next_due() const noexcept { return next_due_; }
  /// Begins the next task. Returns when it was due.
  MonotonicTime begin();
  /// The number of tasks that are due at `now` and have not begun. Above a million, that of a Poisson schedule is an
  /// estimate.
  [[nodiscard]] std::uint64_t waiting(MonotonicTime now) const;
  /// Takes the tasks that were due before `from` and have not begun off the schedule.
  void skip_to(MonotonicTime from);
  /// Adds how long each waiting task has been due, in at most a thousand steps.
  void add_ages(MonotonicTime now, Histogram& ages) const;

 private:
  [[nodiscard]] MonotonicTime due(double mark) const;
  void advance();

  MonotonicTime start_;
  LoadCurve curve_;
  ArrivalSpread spread_;
  double threads_;
  Random random_;
  double mark_;
  MonotonicTime next_due_;
};

}  // namespace triggers::swarm
