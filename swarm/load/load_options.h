#pragma once

// The options of a load: threads, waits, rate, number of tasks, TLS, timeout, work on an inbox, and journal. The
// command line's options are in run/options.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "swarm/load/arrivals.h"
#include "swarm/load/inbox_work.h"
#include "swarm/load/load_curve.h"

namespace triggers::swarm {

class Journal;

struct LoadOptions {
  std::size_t threads = 1;  ///< Threads that send requests; each has its own users and connections.
  bool no_wait = false;     ///< Users do not wait between tasks.
  /// Open model: the tasks per second of all threads together, on a schedule. Users run the tasks and do not wait
  /// between them, so there are never more tasks in flight than users. The latency of a task's first request counts
  /// from the time when the task was due. Unset: closed model.
  std::optional<LoadCurve> rate = {};
  ArrivalSpread spread = ArrivalSpread::constant;  ///< Of the open model.
  std::optional<std::uint64_t> iterations =
      {};                    ///< The number of tasks that all users together begin. Unset: no limit.
  std::string ca_file = {};  ///< PEM; empty: the system's.
  bool verify_tls = true;
  std::chrono::seconds request_timeout{60};  ///< After this time the request fails and its connection is closed.
  InboxWork inbox_work = {};                 ///< For the users that work on an inbox.
  Journal* journal = nullptr;                ///< Must outlive the LoadGenerator. May be null.
};

}  // namespace triggers::swarm
