#pragma once

// The endpoint GET /metrics, and who may read it. The text is made in metrics/scraper.h; what is counted is in
// api/request_metrics.h and in the modules that count.

#include "api/admission/admission_context.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/task.h"
#include "http/wire/message.h"
#include "metrics/metrics.h"

namespace triggers::api {

struct MetricsPage {
  const AdmissionContext& admission;
  metrics::Registry& registry;
  bool open_to_all = false;           ///< Without a key.
  bool open_to_this_machine = false;  ///< Without a key, for peers on loopback.
};

/// GET /metrics. The figures of single inboxes, which name tenants, are for the operator, for peers on loopback if they
/// need no key, and for keys that manage all tenants.
Task<OrRefusal<http::Response>> get_metrics(const MetricsPage& page, Exchange& exchange);

}  // namespace triggers::api
