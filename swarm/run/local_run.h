#pragma once

#include "swarm/run/console.h"
#include "swarm/run/options.h"

namespace triggers::swarm {

/// Runs a test from its first user to its last row, as `locust --headless` does, and returns the exit status: 0; 1 if a
/// `--fail-if` condition failed or could not be judged, for what cannot even start, and where the first answers (or
/// none) say that the service cannot be measured; `--exit-code-on-error` (1) if a request failed or a user let an
/// exception out, unless conditions judge the run; 2 if a file could not be written. Ends early on SIGINT, SIGTERM and
/// SIGHUP, which it blocks for the whole process, and when nobody reads standard error any more; a second signal cuts
/// users short that finish their tasks.
int run_local(const Options& options, Console& console);

}  // namespace triggers::swarm
