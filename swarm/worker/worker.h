#pragma once

// The command `swarm --worker`: takes orders from a Locust master until it says quit. One test of it is in load_run.h.
// Without a master it is in run/local_run.h.

#include "swarm/run/console.h"
#include "swarm/worker/worker_options.h"

namespace triggers::swarm {

/// Works for a Locust master until it sends quit. Runs the users that the master asks for. Reports every 3 s, when the
/// master stops the test, and when the users have finished within the stop timeout. If the connection is lost, the test
/// ends: users stop, and the log says how many requests were not reported. Returns the exit status: 0 after quit,
/// SIGINT or SIGTERM; 255 if no master responds, the master does not come back, or it stops answering heartbeats; 1 if
/// the system has no thread left. On a signal, users stop and the last report goes to the master; a second signal ends
/// users at once. Blocks both signals for the whole process.
int run_worker(const WorkerOptions& options, Console& console);

}  // namespace triggers::swarm
