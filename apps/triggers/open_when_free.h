#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "service.h"

namespace triggers {

/// Opens the service for a server. Waits some seconds for a process that has the embedded store without serving it: a
/// command, or a server that is stopping. Logs that it waits. `stop_asked` is called now and then meanwhile: once it is
/// true, the result is null. `clock` must outlive the service. Errors as of Service::open; `conflict` if another server
/// has the store, or a process has kept it for too long.
Result<std::unique_ptr<Service>> open_when_free(const config::Config& config, const Clock& clock,
                                                const std::function<bool()>& stop_asked);

}  // namespace triggers
