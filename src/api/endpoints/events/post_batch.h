#pragma once

// The endpoint POST /events/batch. A single event is in post_event.h; splitting the body is in event/event.h.

#include "api/endpoints/events/post_event.h"
#include "base/fair_budget.h"

namespace triggers::api {

struct BatchIntake {
  const EventIntake& events;
  FairBudget& answers;
};

/// POST /events/batch
Task<OrRefusal<http::Response>> post_batch(const BatchIntake& intake, Exchange& exchange);

}  // namespace triggers::api
