#pragma once

// The endpoint GET /me: what a key is told about itself. Managing keys is in key_management.h.

#include <cstddef>

#include "api/admission/admission_control.h"
#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "base/task.h"
#include "http/wire/message.h"

namespace triggers::api {

struct OwnKey {
  const AdmissionControl& admission;
  // The configured limits, which the response contains.
  std::size_t request_bytes_max = 0, batch_bytes_max = 0, payload_bytes_max = 0;
};

/// GET /me
Task<OrRefusal<http::Response>> get_me(const OwnKey& own, Exchange& exchange);

}  // namespace triggers::api
