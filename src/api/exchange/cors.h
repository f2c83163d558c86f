#pragma once

#include <string_view>

#include "api/services.h"

namespace triggers::api {

/// The answer to OPTIONS: what the path allows, and to a preflight of an allowed origin what CORS allows (the Fetch
/// standard, section 3.2). `allow` as in `Allow`.
[[nodiscard]] http::Response options(const Services& services, const http::Request& request, std::string_view allow);

/// Lets an allowed origin's script read this answer.
void add_cors_fields(const Services& services, const http::Request& request, http::Response& response);

}  // namespace triggers::api
