#pragma once

// A key as JSON: the response, and the fields that a request may set. The bounds of its fields are in auth/validate.h;
// its stored form is in auth/key.h.

#include <boost/json.hpp>

#include "api/exchange/refusal.h"
#include "auth/key.h"
#include "base/clock.h"

namespace triggers::api {

/// A key as clients see it: without hashes, `rate_limit` a number or "unlimited".
[[nodiscard]] boost::json::object key_json(const auth::KeyRecord& record);

/// Takes the fields of `body` that a client may set (user_email, role, rate_limit, event_types, inboxes,
/// expires_at, description, status, all_tenants) into `record`, and checks the result. A field that is missing stays as
/// it was. `null` removes an expiry. Refused: 400 with the field.
[[nodiscard]] OrRefusal<Done> apply_fields(const boost::json::object& body, UnixMillis now, auth::KeyRecord& record);

}  // namespace triggers::api
