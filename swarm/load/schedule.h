#pragma once

// How well an open-model test kept its schedule, as figures. The times themselves are in arrivals.h.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "swarm/stats/histogram.h"

namespace triggers::swarm {

/// How well an open-model test kept its schedule.
struct Schedule {
  std::uint64_t arrivals = 0;  ///< Tasks that were due.
  std::uint64_t waited_for_user =
      0;  ///< Of these, the tasks for which no user was idle. More users would have begun them on time.
  std::uint64_t behind = 0;               ///< Of these, the tasks that began over 10 ms late although a user was idle.
  std::chrono::nanoseconds behind_max{};  ///< The longest delay of these.
  std::uint64_t unsent = 0;               ///< Due but not begun when the users were stopped.
  std::uint64_t unsent_without_user = 0;  ///< Of these, the tasks for which no user was free.
  std::uint64_t unsent_behind = 0;        ///< Of these, the tasks over 10 ms late although a user was free.
  std::uint64_t unfinished = 0;           ///< Begun and cut off by that stop. No other figure counts them.
  std::uint64_t unconnected = 0;          ///< Users that had no connection when their first task was to begin.
  Histogram lateness;                     ///< Of all tasks that began: from due to begun.
  Histogram own_lateness;                 ///< Of those for which a user was free: the generator's own.
  Histogram unsent_ages;                  ///< Of the unsent tasks: from due to the stop.

  /// Adds tasks that the stop found `waiting`, oldest first: `without_user` of them were due while no user was free,
  /// and `late` of them for over 10 ms.
  void add_unsent(std::uint64_t waiting, std::uint64_t without_user, std::uint64_t late) {
    unsent += waiting;
    unsent_without_user += without_user;
    unsent_behind += late - std::min(late, without_user);
  }
};

}  // namespace triggers::swarm
