#pragma once

#include <optional>

#include "api/refusal.h"
#include "api/services.h"
#include "base/fair_budget.h"
#include "http/wire/message.h"

namespace triggers::api {

/// Answers over this count in Services::answers until they were written, on every endpoint.
inline constexpr std::size_t counted_answer_bytes = 4 * 1024;

/// The memory of an answer, in the caller's share. Uses nothing yet.
[[nodiscard]] FairBudget::Share answer_share(Services& services, const Exchange& exchange);

/// Keeps room for an answer of about so many bytes: before a change that cannot be taken back, and before the answer
/// waits for a thread. 503 `overloaded` if there is none.
[[nodiscard]] Outcome<FairBudget::Share> reserve(Services& services, const Exchange& exchange, std::size_t bytes);

/// Has `memory` count what the answer takes, instead of what it counted, until the answer was written. 503 `overloaded`
/// if there is no room: too much waits for clients to read it.
[[nodiscard]] std::optional<Refusal> hold(FairBudget::Share memory, http::Response& response);

/// The same for an answer whose room was reserved, about: it is never refused.
void hold_reserved(FairBudget::Share memory, http::Response& response);

/// Holds an answer that its endpoint has not held, if it is not small.
[[nodiscard]] std::optional<Refusal> hold_unless_held(Services& services, const Exchange& exchange,
                                                      http::Response& response);

}  // namespace triggers::api
