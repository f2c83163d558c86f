#pragma once

// Everything that is known about a test, as the input of every report and condition. Counting it is in
// stats/statistics.h.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "swarm/load/load_generator.h"
#include "swarm/report/history.h"
#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// The file of --journal. All zero without one.
struct JournalState {
  std::string error;                        ///< Why it could not be written; empty if it could.
  std::uint64_t lost_lines = 0;             ///< Because the disk was too slow or, with an error, failed.
  std::chrono::nanoseconds longest_wait{};  ///< Of a line, until it was written.
};

/// A finished or running test, for reports and conditions. What it points to must outlive it.
struct RunReport {
  std::string host;  ///< The target's URL.
  std::vector<std::string> user_classes;
  std::vector<std::size_t> users;          ///< Current users, by class.
  std::size_t users_wanted = 0;            ///< Users of all classes at the peak.
  EpochSeconds started = 0, ended = 0;     ///< While the test runs, `ended` is now.
  std::chrono::seconds run_time{0};        ///< The limit; 0: none.
  std::chrono::seconds warm_up{0};         ///< Before `started`.
  Uncounted uncounted;                     ///< Requests before `started`, which no other figure includes.
  const Statistics* statistics = nullptr;  ///< Since the start, or since the reset of `--reset-stats`.
  const History* history = nullptr;
  std::optional<double> rate;               ///< Of the open model; the highest one, if it changes.
  bool poisson = false;                     ///< The arrivals of the open model; otherwise they are evenly spread.
  std::string stages;                       ///< As given, of the users or of the rate; empty if they do not change.
  std::optional<std::uint64_t> iterations;  ///< The limit on tasks.
  Schedule schedule;                        ///< Of the open model.
  /// Open model: how long the users took to start and to connect, before the schedule began.
  std::chrono::nanoseconds preparation{};
  std::chrono::nanoseconds processor_time{};  ///< CPU time of the whole process, since `started`.
  double busiest_thread = 0;  ///< The largest CPU share of a load thread over any ten seconds, 0 to 1. Near 1, the
                              ///< generator is the bottleneck and its own delays are part of the latencies.
  double processor_wait = 0;  ///< The largest share of any ten seconds in which a load thread waited for a processor.
  std::uint64_t page_faults = 0;  ///< Pages of the process that were read from the disk, since `started`.
  Shortages shortages;
  JournalState journal;
  /// Why the test was aborted at its start: the service cannot be measured.
  std::optional<std::string> refusal;
  std::vector<std::string> warnings;  ///< For a person: reasons not to trust the figures.
};

}  // namespace triggers::swarm
