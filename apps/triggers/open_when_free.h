#pragma once

// Opens the service, waiting for a process that still has the store. Opening without waiting is in service.h; who has
// the store is in store_owner.h.

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "service.h"

namespace triggers {

/// Opens the service for a server. Waits some seconds for a process that has the embedded store without serving it: a
/// command, or a server that is stopping. Logs that it waits. Meanwhile it calls `stop_asked` repeatedly; once that
/// returns true, the result is null. `clock` must outlive the service. Errors are those of Service::open; `conflict` if
/// another server has the store, or a process has kept it for too long.
Result<std::unique_ptr<Service>> open_when_free(const config::Config& config, const Clock& clock,
                                                const std::function<bool()>& stop_asked);

}  // namespace triggers
