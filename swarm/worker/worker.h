#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "swarm/load/load.h"
#include "swarm/run/console.h"

namespace triggers::swarm {

/// How long a worker waits for what. The defaults are those of Locust's own workers, where they have them.
struct WorkerTimes {
  std::chrono::milliseconds heartbeat_interval{1000};
  std::chrono::milliseconds report_interval{3000};
  /// A master has so long to answer `client_ready`; then it is sent again, so many times.
  std::chrono::milliseconds ack_timeout{5000};
  unsigned ack_tries = 60;
  /// For a master to come back after its connection was lost.
  std::chrono::milliseconds master_lost_max{60'000};
  /// A master that answers heartbeats (Locust from 2.19) and then has not done so for this long is gone.
  std::chrono::milliseconds master_silence_max{60'000};
  std::chrono::milliseconds log_interval{10'000};
};

struct WorkerOptions {
  std::string master_host = "127.0.0.1";
  std::uint16_t master_port = 5557;
  std::string host;  ///< The service, for a master that names none; may be empty.
  /// Where these values come from, to end messages about them: ` (--host is set by LOCUST_HOST)`. May be empty.
  std::string host_note, master_note;
  /// `rate` has no value: how many users there are is the master's business.
  LoadOptions load;
  WorkerTimes times;
};

/// Works for a Locust master until it says quit: runs as many users of each class as it says, reports every 3 s and at
/// once when it stops or quits, and after the users have finished what a stop timeout lets them finish. Returns the
/// exit status: 0 after the master's quit, or after SIGINT or SIGTERM, on which users are stopped, the last figures are
/// sent, and the master is told (a second signal cuts the users short); 255 if no master answers, if it was lost and
/// did not come back, or does not answer heartbeats any more; 1 if the machine gives no thread. Blocks both signals for
/// the whole process. When the connection is lost, so is the test: users stop, and what was not reported is said in the
/// log.
int run_worker(const WorkerOptions& options, Console& console);

}  // namespace triggers::swarm
