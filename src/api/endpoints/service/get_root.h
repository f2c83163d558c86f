#pragma once

// The endpoint GET /: the start page. The documentation is in get_docs.h.

#include <string_view>

#include "api/exchange/exchange.h"
#include "api/exchange/refusal.h"
#include "http/wire/message.h"

namespace triggers::api {

struct RootPage {
  std::string_view title, version;  ///< As configured.
  bool own_tls = false;             ///< This server's sockets speak TLS.
};

/// GET /: a page for people, JSON for programs.
OrRefusal<http::Response> get_root(const RootPage& root, const Exchange& exchange);

}  // namespace triggers::api
