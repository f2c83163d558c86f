#pragma once

// The command `triggers serve`: starts the server and stops it. The objects behind it are in service.h, the signals in
// stop_watchdog.h.

#include "config/config.h"

namespace triggers {

/// Serves until SIGTERM or SIGINT, then stops gracefully. Returns the exit status: 0 after a clean stop; 1 if it could
/// not start, with the reason on standard error.
int serve(const config::Settings& settings);

}  // namespace triggers
