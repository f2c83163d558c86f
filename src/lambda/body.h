#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/task.h"
#include "http/message.h"
#include "http/server.h"

namespace triggers::lambda {

/// A body as it came, before its Content-Encoding is undone. Empty: there is nothing to decode.
struct PackedBody {
  std::string bytes;
  std::size_t limit_bytes = 0;  ///< Of what they decode to.
};

/// Gives the request its body if that came plain, and else keeps it in `packed`. The problem: it is longer than
/// `limit_bytes`, or in an encoding that is not understood; then the body is left empty.
[[nodiscard]] std::optional<http::ProtocolError> take_body(http::Request& request, PackedBody& packed,
                                                           std::string bytes, std::size_t limit_bytes);

/// Answers a request as a server's connection does: a packed body is decoded only when `handlers` have admitted its
/// request by the head, and its key pays for what it was decoded to. `handlers` and `request` outlive the task.
Task<http::Response> answer_request(const http::Handlers& handlers, http::Request& request, PackedBody packed);

}  // namespace triggers::lambda
