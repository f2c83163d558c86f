#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "http/wire/message.h"
#include "http/wire/protocol_error.h"

namespace triggers::lambda {

/// Gives the request its body, decoded as its Content-Encoding says; on a socket the parser does this. If the body is
/// over `limit_bytes` or cannot be decoded, it stays empty, and the problem is returned.
[[nodiscard]] std::optional<http::ProtocolError> set_body(http::Request& request, std::string bytes,
                                                          std::size_t limit_bytes);

}  // namespace triggers::lambda
