#pragma once

#include <string>

#include "api/exchange/exchange.h"

namespace triggers::api {

/// What stands in front of this API's paths, seen from the client: `/prod/triggers`; empty if nothing does. It is what
/// a proxy says that it has cut off (X-Forwarded-Prefix), and the configured base path if the request came with it.
[[nodiscard]] std::string prefix_of(const Exchange& exchange);

/// Where the client found this API: `https://api.example.com`, and prefix_of(). `http://localhost:8000` if the request
/// does not say; `own_tls`: this server's sockets speak TLS. It is the client's own word, so it is good for what is
/// shown to that client and for nothing else.
[[nodiscard]] std::string address_of(const Exchange& exchange, bool own_tls);

}  // namespace triggers::api
