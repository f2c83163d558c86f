#pragma once

// The address at which a client sees this API, for links and documents. The client's own address is in
// client_address.h.

#include <string>

#include "api/exchange/exchange.h"

namespace triggers::api {

/// The prefix of this API's paths as the client sees them, such as `/prod/triggers`; may be empty. It is the prefix
/// that a proxy says it removed (X-Forwarded-Prefix), and then the configured base path if the request's path has it.
[[nodiscard]] std::string prefix_of(const Exchange& exchange);

/// The address at which the client reached this API: `https://api.example.com`, and prefix_of();
/// `http://localhost:8000` if the request does not say. `own_tls`: this server's sockets speak TLS. The client may have
/// made it up, so only that client may see it.
[[nodiscard]] std::string address_of(const Exchange& exchange, bool own_tls);

}  // namespace triggers::api
