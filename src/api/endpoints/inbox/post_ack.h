#pragma once

// The endpoint POST /inbox/ack: acknowledges several events. One event is acknowledged by events/get_event.h.

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/fair_budget.h"
#include "base/task.h"
#include "base/turn_pool.h"
#include "http/wire/message.h"
#include "store/default_inbox.h"

namespace triggers::api {

struct Acknowledgement {
  const AdmissionControl& admission;
  store::DefaultInbox& store;
  FairBudget& answers;
  TurnPool* parsers;  ///< For large bodies and responses; null: the loop does both.
};

/// POST /inbox/ack
Task<OrRefusal<http::Response>> post_ack(const Acknowledgement& inbox, Exchange& exchange);

}  // namespace triggers::api
