#pragma once

// The endpoint DELETE /events/{id}, which acknowledges one event. Acknowledging several is in inbox/post_ack.h.

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/task.h"
#include "http/wire/message.h"
#include "store/default_inbox.h"

namespace triggers::api {

struct EventRemoval {
  const AdmissionControl& admission;
  store::DefaultInbox& inbox;
};

/// DELETE /events/{id}: acknowledges it.
Task<OrRefusal<http::Response>> delete_event(const EventRemoval& events, Exchange& exchange);

}  // namespace triggers::api
