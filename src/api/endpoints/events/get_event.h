#pragma once

// The endpoint GET /events/{id}. Acknowledging an event is in delete_event.h.

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/fair_budget.h"
#include "base/task.h"
#include "base/turn_pool.h"
#include "http/wire/message.h"
#include "store/event_log.h"

namespace triggers::api {

struct EventReading {
  const AdmissionControl& admission;
  store::EventLog& log;
  FairBudget& answers;
  TurnPool* parsers;  ///< For large responses; null: the loop builds them.
};

/// GET /events/{id}
Task<OrRefusal<http::Response>> get_event(const EventReading& events, Exchange& exchange);

}  // namespace triggers::api
