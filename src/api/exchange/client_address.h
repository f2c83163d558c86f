#pragma once

// The address of a request's client. The rule for proxies is in limit/address.h.

#include <string>
#include <vector>

#include "http/wire/message.h"
#include "limit/address.h"

namespace triggers::api {

/// The client's address: the peer's, or what a trusted proxy says.
[[nodiscard]] std::string client_address(const std::vector<limit::Network>& trusted_proxies,
                                         const http::Request& request);

}  // namespace triggers::api
