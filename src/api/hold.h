#pragma once

#include <optional>

#include "api/refusal.h"
#include "base/byte_budget.h"
#include "http/message.h"

namespace triggers::api {

/// Has `memory` count what the answer takes, instead of what it counted, until the answer was written. 503 `overloaded`
/// if there is no room: too much waits for clients to read it.
[[nodiscard]] std::optional<Refusal> hold(ByteBudget::Share memory, http::Response& response);

}  // namespace triggers::api
