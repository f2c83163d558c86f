#pragma once

// What browsers' scripts of other origins may do. Who may call an endpoint at all is in endpoint_table.h.

#include <string>
#include <string_view>
#include <vector>

#include "http/wire/message.h"

namespace triggers::api {

/// The response to OPTIONS: the path's methods (`allow`, as in `Allow`) and, for a preflight from an allowed origin,
/// what CORS allows (the Fetch standard, section 3.2).
[[nodiscard]] http::Response options(const std::vector<std::string>& allowed_origins, const http::Request& request,
                                     std::string_view allow);

/// Lets the scripts of an allowed origin read this response.
void add_cors_fields(const std::vector<std::string>& allowed_origins, const http::Request& request,
                     http::Response& response);

}  // namespace triggers::api
