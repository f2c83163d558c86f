#pragma once

// The endpoints for documentation: GET /docs, /openapi.json and /favicon.ico. The start page is in get_root.h.

#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "http/wire/message.h"

namespace triggers::api {

/// GET /docs. `own_tls`: this server's sockets speak TLS.
OrRefusal<http::Response> get_docs(bool own_tls, const Exchange& exchange);
/// GET /openapi.json
OrRefusal<http::Response> get_openapi(bool own_tls, const Exchange& exchange);
/// GET /favicon.ico
OrRefusal<http::Response> get_favicon();

}  // namespace triggers::api
