#pragma once

#include "swarm/run/console.h"
#include "swarm/run/options.h"

namespace triggers::swarm {

/// `swarm --verify FILE`: compares the service with a journal, prints what it found, and returns the exit status: 0 if
/// everything is as promised, 1 if not, 2 if that could not be found out.
int run_verify(const Options& options, Console& console);

}  // namespace triggers::swarm
