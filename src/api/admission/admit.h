#pragma once

// Decides whether a request is admitted: key, role, rate. Which rule an endpoint has is in exchange/endpoint_table.h;
// what a request costs is in admitted_request.h.

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/task.h"

namespace triggers::api {

/// Authenticates the request's key, checks that its role allows the route's action, and takes one token from its
/// bucket; fills in `exchange.key` and `exchange.rate`. Refusals: 401, 403, 429; and 400 for a query where the endpoint
/// has no parameters. A request that the role forbids costs a token too: otherwise a key without rights could send
/// requests without a limit. If the body has arrived already, its price is charged too (admitted_request.h). Where a
/// manager may call, the operator on the local socket needs no key: `exchange.is_operator` is then set.
Task<OrRefusal<Done>> admit(const AdmissionControl& control, Exchange& exchange);

/// Admits by the request's head alone, as the route's rule of access says: the body has not arrived. The endpoint's own
/// call of admit() for the same exchange then neither looks the key up nor pays again.
Task<OrRefusal<Done>> admit_by_head(const AdmissionControl& control, Exchange& exchange);

/// 404 for callers that are not on this machine: the path does not exist for them.
[[nodiscard]] Refusal operator_only();

}  // namespace triggers::api
