#pragma once

// The endpoints of one stored event: GET and DELETE /events/{id}. Acknowledging several events is in inbox/post_ack.h.

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/fair_budget.h"
#include "base/task.h"
#include "base/turn_pool.h"
#include "http/wire/message.h"
#include "store/event_store.h"

namespace triggers::api {

struct EventAccess {
  const AdmissionControl& admission;
  store::EventStore& store;
  FairBudget& answers;
  TurnPool* parsers;  ///< For large responses; null: the loop builds them.
};

/// GET /events/{id}
Task<OrRefusal<http::Response>> get_event(const EventAccess& events, Exchange& exchange);
/// DELETE /events/{id}: acknowledges it.
Task<OrRefusal<http::Response>> delete_event(const EventAccess& events, Exchange& exchange);

}  // namespace triggers::api
