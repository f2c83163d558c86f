#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "http/wire/message.h"
#include "lambda/event.h"

namespace triggers::lambda {

/// What Lambda takes as the answer of a synchronous invocation (AWS, "Lambda quotas").
inline constexpr std::size_t answer_bytes_max = 6 * 1024 * 1024;

/// The JSON that API Gateway makes a response of. A body that is not UTF-8 goes as base64; that of HEAD, 204 and 304
/// is left out. Fields of one name are joined by commas in format 2.0, and a list in 1.0. A `Location` is made relative
/// to `request`'s target (RFC 9110, section 10.2.2): the client's own path has a stage in front that events do not
/// always tell.
[[nodiscard]] std::string write_answer(const http::Response& response, Format format, const http::Request& request);

}  // namespace triggers::lambda
