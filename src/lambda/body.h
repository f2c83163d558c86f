#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "http/server/server.h"
#include "http/wire/message.h"

namespace triggers::lambda {

/// Gives the request its body, decoded as its Content-Encoding says: what the parser of a socket's bytes does too. The
/// body is at most `limit_bytes`; else, or if it cannot be decoded, it is left empty, and the problem is returned.
[[nodiscard]] std::optional<http::ProtocolError> set_body(http::Request& request, std::string bytes,
                                                          std::size_t limit_bytes);

}  // namespace triggers::lambda
