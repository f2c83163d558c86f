#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "swarm/load/load.h"
#include "swarm/report/history.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// A finished (or running) test, as reports and gates see it. Views: what it points to outlives it.
struct RunReport {
  std::string host;  ///< The target's URL.
  std::vector<std::string> user_classes;
  std::vector<std::size_t> users;          ///< Now, by class.
  std::size_t users_wanted = 0;            ///< At the peak, of all classes.
  EpochSeconds started = 0, ended = 0;     ///< `ended` is now while it runs.
  std::chrono::seconds run_time{0};        ///< Its limit; 0: none.
  const Statistics* statistics = nullptr;  ///< Of the whole test, or since the reset of `--reset-stats`.
  const History* history = nullptr;
  std::optional<double> rate;                 ///< Of the open model.
  Schedule schedule;                          ///< Of the open model.
  std::chrono::nanoseconds processor_time{};  ///< Of the whole process, since `started`.
  double busiest_thread = 0;  ///< The largest share of one load thread's time over any ten seconds, 0 to 1: near 1 the
                              ///< generator is the bottleneck, and latencies are partly its own.
  /// Why the test was ended at once: the service could not be measured.
  std::optional<std::string> refusal;
  std::vector<std::string> warnings;  ///< For a person: what makes these figures less than they seem.
};

}  // namespace triggers::swarm
