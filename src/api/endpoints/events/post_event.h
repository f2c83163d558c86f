#pragma once

// The endpoint POST /events, and what it needs of the service. Batches are in post_batch.h; parsing is in
// parse_event.h.

#include "api/admission/admission_context.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/task.h"
#include "base/turn_pool.h"
#include "event/event.h"
#include "http/wire/message.h"
#include "store/event_log.h"

namespace triggers::api {

/// What accepting events needs.
struct EventIntake {
  const AdmissionContext& admission;
  store::EventLog& log;
  event::Limits limits;
  store::TenantLimits tenant_limits;
  TurnPool* parsers;  ///< For large bodies; null: the loop parses them.
};

/// POST /events
Task<OrRefusal<http::Response>> post_event(const EventIntake& intake, Exchange& exchange);

}  // namespace triggers::api
