#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace triggers::api {

/// The answer to OPTIONS: what the path allows, and to a preflight of an allowed origin what CORS allows (the Fetch
/// standard, section 3.2). `allow` as in `Allow`.
[[nodiscard]] http::Response options(const std::vector<std::string>& allowed_origins, const http::Request& request,
                                     std::string_view allow);

/// Lets an allowed origin's script read this answer.
void add_cors_fields(const std::vector<std::string>& allowed_origins, const http::Request& request,
                     http::Response& response);

}  // namespace triggers::api
