#pragma once

// The table that says for each endpoint who may call it and whether it reads a body. The checks themselves are in
// admit.h; what a role may do is in auth/authorize.h.

#include <cstdint>

#include "api/exchange/router.h"
#include "auth/authorize.h"

namespace triggers::api {

/// Who may use an endpoint. Decided by a request's head, before its body is read.
enum class Caller : std::uint8_t {
  anybody,    ///< No key needed. (GET /metrics decides for itself: it reads no body.)
  key,        ///< A key whose role allows `action`.
  manager,    ///< The same; or the operator over the local socket, without a key.
  on_socket,  ///< The operator only.
};

struct AccessRule {
  Caller caller = Caller::anybody;
  auth::Action action = auth::Action::read;
  bool takes_body = false;  ///< False: a body is skipped, and takes no memory.
};

[[nodiscard]] AccessRule access_of(Endpoint endpoint) noexcept;

}  // namespace triggers::api
