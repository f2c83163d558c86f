#pragma once

// A response as the JSON that API Gateway expects. The request is in request_event.h.

#include <cstddef>
#include <optional>
#include <string>

#include "http/wire/message.h"
#include "lambda/request_event.h"

namespace triggers::lambda {

/// The largest response of a synchronous invocation (AWS, "Lambda quotas").
inline constexpr std::size_t response_bytes_max = 6 * 1024 * 1024;

/// The JSON from which API Gateway makes a response. A body that is not UTF-8 is sent as base64; that of HEAD, 204 and
/// 304 is left out. Fields of one name are joined by commas in format 2.0, and form a list in 1.0. A `Location` is made
/// relative to `request`'s target (RFC 9110, section 10.2.2): the client's path may begin with a stage that the event
/// does not name.
[[nodiscard]] std::string write_response(const http::Response& response, Format format, const http::Request& request);

}  // namespace triggers::lambda
