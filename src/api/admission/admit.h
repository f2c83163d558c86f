#pragma once

// Decides whether a request is admitted: by its key, role, rate limit and query, by the failed authentications of its
// address, or because the operator sends it. It takes a token of the key's rate limit, which nodes may share. Which
// rule an endpoint has is in exchange/endpoint_table.h; what more a large request costs is in admitted_request.h.

#include "api/admission/admission_context.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/task.h"

namespace triggers::api {

/// Authenticates the request's key, checks that its role allows the route's action, and takes one token from its
/// bucket; fills in `exchange.key` and `exchange.rate`. Refusals: 401, 403, 429; 507 for what makes the store grow
/// while it has no room; and 400 for a query where the endpoint has no parameters. A request that the role forbids
/// costs a token too: otherwise a key without rights could send requests without a limit. If the body has arrived
/// already, its price is charged too (admitted_request.h). Where a manager may call, the operator on the local socket
/// needs no key: `exchange.is_operator` is then set.
Task<OrRefusal<Done>> admit(const AdmissionContext& context, Exchange& exchange);

/// Admits by the request's head alone, as the route's rule of access says: the body has not arrived. The endpoint's own
/// call of admit() for the same exchange then neither looks the key up nor pays again.
Task<OrRefusal<Done>> admit_by_head(const AdmissionContext& context, Exchange& exchange);

}  // namespace triggers::api
