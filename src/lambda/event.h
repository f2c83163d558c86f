#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "http/server.h"
#include "lambda/body.h"

namespace triggers::lambda {

/// The forms of API Gateway's proxy events, each with its own form of answer.
enum class Format : std::uint8_t {
  rest_1_0,  ///< REST APIs, and HTTP APIs with payload format 1.0.
  http_2_0,  ///< HTTP APIs with payload format 2.0; function URLs.
};

/// A request that came as an event.
struct Incoming {
  Format format = Format::http_2_0;
  http::Request request;  ///< Without its body if that is packed.
  PackedBody packed;
  /// Why the request is refused although the event is sound, as a server would refuse it: the body is too large, or in
  /// an encoding that is not understood. There is no body then.
  std::optional<http::ProtocolError> problem;
};

/// The largest body (decoded) that a request may have: as http::ServerConfig::body_bytes_max_for.
using BodyLimit = std::function<std::size_t(http::Method, std::string_view target)>;

/// Reads an event of API Gateway. The request is what a server would have read from a socket:
///
/// - The target begins behind the stage: `/v1/events` of the stage `v1` is `/events`. A first segment `v1` goes
///   whatever the stage's name is, for a domain name of one's own that maps `/v1` to the API.
/// - Of format 1.0 the target is the resource with its path parameters, if the resource is a path: so the base path of
/// a
///   domain of one's own does not count. What was cut off is told in X-Forwarded-Prefix.
/// - Of format 1.0 the query is made of the decoded parameters, all values of a name in their order.
/// - Every value of a field is a field, in format 1.0; cookies are left out.
/// - A body in base64 is decoded. One with `Content-Encoding: gzip` stays packed: whether its request is admitted is to
///   be asked first (answer_request()).
/// - The peer is the client as API Gateway saw it, never the local one.
///
/// Error: `invalid_argument`, the event is not one of these: a load balancer's is like 1.0, but its parameters are not
/// decoded. Sources: AWS, "AWS Lambda proxy integrations for HTTP
/// APIs" and "Input format of a Lambda function for proxy integration". Any thread.
[[nodiscard]] Result<Incoming> read_event(std::string_view json, const BodyLimit& body_bytes_max);

}  // namespace triggers::lambda
