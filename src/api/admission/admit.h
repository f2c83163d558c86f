#pragma once

// Decides whether a request is admitted: key, role, rate. Which rule an endpoint has is in endpoint_access.h; what a
// request costs is in admitted_request.h.

#include "api/admission/admission_control.h"
#include "api/admission/endpoint_access.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "auth/authorize.h"
#include "base/task.h"

namespace triggers::api {

/// Authenticates the request's key, checks that its role allows `action`, and takes one token from its bucket; fills in
/// `exchange.key` and `exchange.rate`. Refusals: 401, 403, 429; and 400 for a query where the endpoint has no
/// parameters. A request that the role forbids costs a token too: otherwise a key without rights could send requests
/// without a limit. If the body has arrived already, its price is charged too (admitted_request.h).
Task<OrRefusal<Done>> admit(const AdmissionControl& control, Exchange& exchange, auth::Action action);

/// As admit() for managing keys. Over the local socket the caller is the operator, who needs no key.
Task<OrRefusal<Done>> admit_manager(const AdmissionControl& control, Exchange& exchange);

/// Admits by the request's head alone, as `rule` says: the body has not arrived. The endpoint's own call of admit() for
/// the same exchange then neither looks the key up nor pays again.
Task<OrRefusal<Done>> admit_by_head(const AdmissionControl& control, Exchange& exchange, AccessRule rule);

/// 404 for callers that are not on this machine: the path does not exist for them.
[[nodiscard]] Refusal operator_only();

}  // namespace triggers::api
