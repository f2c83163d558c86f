#pragma once

// Runs a whole test in this process, from the choice of user classes to the end; signals end it early. Under a Locust
// master it is in worker/worker.h. The load itself is in load/load_generator.h, results and conditions in
// run/outputs.h.

#include "swarm/run/console.h"
#include "swarm/run/options.h"

namespace triggers::swarm {

/// Runs a whole test, like `locust --headless`. Returns the exit status: 0 on success; 1 if a `--fail-if` condition
/// failed or had no data, if the test could not start, or if the first requests show that the service cannot be
/// measured; `--exit-code-on-error` (1) if a request failed or a user threw an exception, unless there are conditions;
/// 2 if a file could not be written. Ends early on SIGINT, SIGTERM and SIGHUP, which it blocks for the whole process,
/// and when standard error has no reader. A second signal ends users that are finishing their tasks.
int run_local(const Options& options, Console& console);

}  // namespace triggers::swarm
