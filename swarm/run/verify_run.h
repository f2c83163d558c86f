#pragma once

// The command `swarm --verify`. The comparison is in verify/verify.h.

#include "swarm/run/console.h"
#include "swarm/run/options.h"

namespace triggers::swarm {

/// `swarm --verify FILE`: compares the service with a journal and prints the findings. Returns the exit status: 0 if
/// the service kept all promises, 1 if not, 2 if the comparison failed.
int run_verify(const Options& options, Console& console);

}  // namespace triggers::swarm
