#pragma once

#include "api/admission/access.h"
#include "api/services.h"
#include "auth/authorize.h"
#include "base/task.h"

namespace triggers::api {

/// Authenticates the request's key, checks that its role allows `action`, and takes one from its rate limit; fills in
/// `exchange.key` and `exchange.rate`. Refusals: 401, 403, 429; and 400 for a query where the endpoint has no
/// parameters. A refused role costs a token too: otherwise a key without rights could ask without a limit. A body that
/// is here is paid for too (ticket.h).
Task<Outcome<Done>> admit(Services& services, Exchange& exchange, auth::Action action);

/// As admit() for managing keys; but over the local socket it is the operator, who needs no key.
Task<Outcome<Done>> admit_manager(Services& services, Exchange& exchange);

/// As the endpoint's access says, by the request's head alone: its body has not come. An endpoint that calls admit()
/// again for the same exchange is answered without asking and paying again.
Task<Outcome<Done>> admit_by_head(Services& services, Exchange& exchange, Access access);

/// 404 for callers that are not on this machine: for others there is no such path.
[[nodiscard]] Refusal operator_only();

/// Who asked: the peer, or what its trusted proxy says.
[[nodiscard]] std::string client_address(const Services& services, const http::Request& request);

}  // namespace triggers::api
