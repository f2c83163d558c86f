#include "lambda/body.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "http/wire/gzip.h"

namespace triggers::lambda {
namespace {

using http::ProtocolError;
using http::ProtocolProblem;

/// Decodes into the request's body, which stays empty if that fails.
std::optional<ProtocolError> decode(http::Request& request, const PackedBody& packed) {
  http::GzipDecoder decoder;
  std::string decoded;
  std::string_view rest = packed.bytes;
  // In one slice, because no other request waits in this process.
  const auto status = decoder.decode(rest, decoded, packed.limit_bytes, std::numeric_limits<std::size_t>::max());
  // The key pays even if decoding failed, and at least for the bytes sent: empty gzip members decode to nothing.
  if (request.ticket != nullptr) request.ticket->body_grew_to(std::max(decoded.size(), packed.bytes.size()));
  switch (status) {
    case http::GzipDecoder::Status::ok:
    case http::GzipDecoder::Status::more: break;
    case http::GzipDecoder::Status::too_large:
      return ProtocolError{ProtocolProblem::body_too_large, "the decoded body is too large", packed.limit_bytes, 0};
    case http::GzipDecoder::Status::broken:
      return ProtocolError{ProtocolProblem::bad_encoding, "the body is not gzip", 0, 0};
  }
  if (!decoder.at_end()) return ProtocolError{ProtocolProblem::bad_encoding, "the gzip body is cut short", 0, 0};
  request.body = std::move(decoded);
  return std::nullopt;
}

}  // namespace

std::optional<ProtocolError> take_body(http::Request& request, PackedBody& packed, std::string bytes,
                                       std::size_t limit_bytes) {
  const auto count = request.headers.count("Content-Encoding");
  const auto coding = request.headers.find("Content-Encoding").value_or("identity");
  if (count <= 1 && (http::equal_ignoring_case(coding, "gzip") || http::equal_ignoring_case(coding, "x-gzip"))) {
    packed.bytes = std::move(bytes);
    packed.limit_bytes = limit_bytes;
    return std::nullopt;
  }
  if (count > 1 || !http::equal_ignoring_case(coding, "identity")) {
    return ProtocolError{ProtocolProblem::unsupported_encoding, "the only Content-Encoding that is understood is gzip",
                         0, 0};
  }
  if (bytes.size() > limit_bytes) {
    return ProtocolError{ProtocolProblem::body_too_large, "the body is too large", limit_bytes, bytes.size()};
  }
  request.body = std::move(bytes);
  return std::nullopt;
}

Task<http::Response> answer_request(const http::Handlers& handlers, http::Request& request, PackedBody packed) {
  if (!packed.bytes.empty()) {
    if (handlers.admit) {
      auto admission = co_await handlers.admit(request);
      if (!admission) co_return std::move(admission).error();
      request.ticket = std::move(*admission);
    }
    if (request.ticket == nullptr || request.ticket->takes_body) {
      if (const auto problem = decode(request, packed)) co_return handlers.protocol_error(*problem, request);
    }
    std::string{}.swap(packed.bytes);
  }
  co_return co_await handlers.handle(request);
}

}  // namespace triggers::lambda
