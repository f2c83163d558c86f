#pragma once

// The head of a request as bytes, for clients. Responses are in response_writer.h.

#include <string>
#include <string_view>

#include "http/wire/message.h"

namespace triggers::http {

/// The head of `request` as a client sends it. Adds Host (`host`, unless the request has one), Content-Length where a
/// body is or could be, and `Connection: close` if `close`.
[[nodiscard]] std::string request_head(const Request& request, std::string_view host, bool close);

}  // namespace triggers::http
