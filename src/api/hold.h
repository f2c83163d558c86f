#pragma once

#include <optional>

#include "api/refusal.h"
#include "base/fair_budget.h"
#include "http/message.h"

namespace triggers::api {

/// Has `memory` count what the answer takes, instead of what it counted, until the answer was written. 503 `overloaded`
/// if there is no room: too much waits for clients to read it.
[[nodiscard]] std::optional<Refusal> hold(FairBudget::Share memory, http::Response& response);

}  // namespace triggers::api
