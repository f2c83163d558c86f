#pragma once

// The memory of responses: counting it, reserving it, and refusing when there is none. The memory of request bodies is
// in http/server. The rule of fair shares is in base/fair_budget.h.

#include <optional>

#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/fair_budget.h"
#include "http/wire/message.h"

namespace triggers::api {

/// A page or an event up to this size, read and as JSON, is never refused because of what others hold. So large pages
/// that clients do not read cannot block small ones.
inline constexpr std::size_t small_response_bytes = 16 * 1024;

/// Responses over this size count against the budget until they have been written, on every endpoint.
inline constexpr std::size_t counted_response_bytes = 4 * 1024;

/// The memory of a response, in the caller's share. Empty at first.
[[nodiscard]] FairBudget::Share response_share(FairBudget& answers, const Exchange& exchange);

/// Reserves room for a response of about `bytes`. Call it before a change that cannot be undone, and before the
/// response waits for a thread. Refused with 503 `overloaded` if there is no room.
[[nodiscard]] OrRefusal<FairBudget::Share> reserve(FairBudget& answers, const Exchange& exchange, std::size_t bytes);

/// Makes `memory` count the size of the response, instead of what it counted before, until the response has been
/// written. Refused with 503 `overloaded` if there is no room: too many responses wait for clients to read them.
[[nodiscard]] std::optional<Refusal> count_until_written(FairBudget::Share memory, http::Response& response);

/// The same for a response whose room was reserved: it is never refused, even if it is somewhat larger.
void count_reserved_until_written(FairBudget::Share memory, http::Response& response);

/// Counts a response that its endpoint has not counted, unless it is small.
[[nodiscard]] std::optional<Refusal> count_unless_counted(FairBudget& answers, const Exchange& exchange,
                                                          http::Response& response);

}  // namespace triggers::api
