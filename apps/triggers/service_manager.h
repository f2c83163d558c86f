#pragma once

// Tells systemd how the service is. Signals from it are received in stop_watchdog.h; when to tell it something is
// decided in serve.cc.

#include <functional>
#include <string_view>

namespace triggers {

/// Tells the service manager that started this process, if one did, how the service is: `READY=1`, `STOPPING=1`,
/// `STATUS=text` (sd_notify(3)). Waits up to a second for room in the service manager's queue, but not once
/// `stop_asked` returns true: a stop begins at once. A message that cannot be sent is a line in the log.
void tell_service_manager(std::string_view state, const std::function<bool()>& stop_asked);

}  // namespace triggers
