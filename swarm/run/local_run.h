#pragma once

// Runs a test, or the tests that the page starts, in this process; signals end it early. Under a Locust master it is in
// worker/worker.h. One test is in test_run.h, the page in page_run.h.

#include "swarm/run/console.h"
#include "swarm/run/options.h"

namespace triggers::swarm {

/// Runs a whole test, like `locust --headless`; or, if the options say so, serves the page and runs the tests that it
/// starts, like `locust`. Returns the exit status: 0 on success; 1 if a `--fail-if` condition
/// failed or had no data, if the test could not start, or if the first requests show that the service cannot be
/// measured; `--exit-code-on-error` (1) if a request failed or a user threw an exception, unless there are conditions;
/// 2 if a file could not be written. Ends early on SIGINT, SIGTERM and SIGHUP, which it blocks for the whole process,
/// and when standard error has no reader. A second signal ends users that are finishing their tasks.
int run_local(const Options& options, Console& console);

}  // namespace triggers::swarm
