#pragma once

// The endpoint GET /status: the health of the service. Figures over time are in get_metrics.h.

#include <chrono>
#include <functional>
#include <string_view>

#include "api/exchange/refusal.h"
#include "base/clock.h"
#include "http/wire/message.h"
#include "store/status.h"

namespace triggers::api {

struct ServiceStatus {
  const store::StoreStatus& store;
  const Clock& clock;
  std::chrono::steady_clock::time_point started_at;
  const std::function<bool()>& stopping;  ///< True once the server is told to stop; may be empty.
  std::string_view version;               ///< As configured.
};

/// GET /status
OrRefusal<http::Response> get_status(const ServiceStatus& status);

}  // namespace triggers::api
