#pragma once

// The options and timeouts of a worker. The command line is in run/options.h.

#include <chrono>
#include <cstdint>
#include <string>

#include "swarm/load/load_options.h"

namespace triggers::swarm {

/// Intervals and timeouts of a worker. The defaults are those of Locust's own workers, where they exist.
struct WorkerTimes {
  std::chrono::milliseconds heartbeat_interval{1000};
  std::chrono::milliseconds report_interval{3000};
  /// How long to wait for the ack of `client_ready` before sending it again, and how often to send it.
  std::chrono::milliseconds ack_timeout{5000};
  unsigned ack_tries = 60;
  /// How long a master may be away after its connection was lost.
  std::chrono::milliseconds master_lost_max{60'000};
  /// How long a master that answers heartbeats (Locust 2.19 or later) may be silent.
  std::chrono::milliseconds master_silence_max{60'000};
  std::chrono::milliseconds log_interval{10'000};
};

struct WorkerOptions {
  std::string master_host = "127.0.0.1";
  std::uint16_t master_port = 5557;
  std::string host;  ///< The service to load if the master names none; may be empty.
  /// Suffixes for messages about these values: ` (--host is set by LOCUST_HOST)`. May be empty.
  std::string host_note, master_note;
  /// `rate` must be unset: the master sets the number of users.
  LoadOptions load;
  WorkerTimes times;
};

}  // namespace triggers::swarm
