#pragma once

// The body of an invocation's request: limits, gzip, and answering it. The event around it is in request_event.h.

#include <cstddef>
#include <optional>
#include <string>

#include "base/task.h"
#include "http/wire/handlers.h"
#include "http/wire/message.h"
#include "http/wire/protocol_error.h"

namespace triggers::lambda {

/// A body as received, still with its Content-Encoding. Empty if there is nothing to decode.
struct PackedBody {
  std::string bytes;
  std::size_t limit_bytes = 0;  ///< For the decoded body.
};

/// Gives the request a plain body, and puts an encoded one into `packed`. If the body is over `limit_bytes` or in an
/// unknown encoding, it stays empty, and the problem is returned.
[[nodiscard]] std::optional<http::ProtocolError> take_body(http::Request& request, PackedBody& packed,
                                                           std::string bytes, std::size_t limit_bytes);

/// Answers a request as a server's connection does. A packed body is decoded only after `handlers` have admitted the
/// request by its head, and the key pays for the decoded size. `handlers` and `request` must outlive the task.
Task<http::Response> answer_request(const http::Handlers& handlers, http::Request& request, PackedBody packed);

}  // namespace triggers::lambda
