#pragma once

// An event of API Gateway as a request. The response is in response_event.h.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/wire/message.h"
#include "http/wire/protocol_error.h"
#include "lambda/body.h"

namespace triggers::lambda {

/// The forms of API Gateway's proxy events; each has its own form of response.
enum class Format : std::uint8_t {
  rest_1_0,  ///< REST APIs, and HTTP APIs with payload format 1.0.
  http_2_0,  ///< HTTP APIs with payload format 2.0; function URLs.
};

/// A request that came as an event.
struct RequestEvent {
  Format format = Format::http_2_0;
  http::Request request;  ///< Without its body if `packed` has it.
  PackedBody packed;
  /// Why the request is refused although the event is sound: the body is too large, or in an unknown encoding. A server
  /// refuses it likewise. The body is empty then.
  std::optional<http::ProtocolError> problem;
};

/// The largest body (decoded) that a request may have: as http::ServerConfig::body_bytes_max_for.
using BodyLimit = std::function<std::size_t(http::Method, std::string_view target)>;

/// Reads an event of API Gateway. The request is the one that a server would have read from a socket:
///
/// - The target begins after the stage: `/v1/events` of the stage `v1` is `/events`. A first segment `v1` is removed
///   whatever the stage's name is, for a custom domain that maps `/v1` to the API.
/// - In format 1.0 the target is the resource with its path parameters, if the resource is a path. So it lacks the base
///   path of a custom domain. X-Forwarded-Prefix says what was removed.
/// - In format 1.0 the query is made from the decoded parameters, with all values of a name in their order.
/// - In format 1.0 every value of a field is a field. Cookies are left out.
/// - A body in base64 is decoded. One with `Content-Encoding: gzip` stays packed: the request is admitted first
///   (answer_request()).
/// - The peer is the client as API Gateway saw it, never the local one.
///
/// Error: `invalid_argument`, the event is not one of these. A load balancer's event resembles format 1.0, but its
/// parameters are not decoded. Sources: AWS, "AWS Lambda proxy integrations for HTTP APIs" and "Input format of a
/// Lambda function for proxy integration". Any thread.
[[nodiscard]] Result<RequestEvent> read_event(std::string_view json, const BodyLimit& body_bytes_max);

}  // namespace triggers::lambda
