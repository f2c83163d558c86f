#include "lambda/body.h"

#include <limits>
#include <string_view>
#include <utility>

#include "http/wire/gzip.h"

namespace triggers::lambda {
namespace {

using http::ProtocolError;
using http::ProtocolProblem;

std::optional<ProtocolError> decode(http::Request& request, const std::string& bytes, std::size_t limit_bytes) {
  http::GzipDecoder decoder;
  std::string decoded;
  std::string_view rest = bytes;
  // In one slice: no other request waits for this process.
  switch (decoder.decode(rest, decoded, limit_bytes, std::numeric_limits<std::size_t>::max())) {
    case http::GzipDecoder::Status::ok:
    case http::GzipDecoder::Status::more: break;
    case http::GzipDecoder::Status::too_large:
      return ProtocolError{ProtocolProblem::body_too_large, "the decoded body is too large", limit_bytes, 0};
    case http::GzipDecoder::Status::broken:
      return ProtocolError{ProtocolProblem::bad_encoding, "the body is not gzip", 0, 0};
  }
  if (!bytes.empty() && !decoder.at_end()) {
    return ProtocolError{ProtocolProblem::bad_encoding, "the gzip body is cut short", 0, 0};
  }
  request.body = std::move(decoded);
  return std::nullopt;
}

}  // namespace

std::optional<ProtocolError> set_body(http::Request& request, std::string bytes, std::size_t limit_bytes) {
  const auto count = request.headers.count("Content-Encoding");
  const auto coding = request.headers.find("Content-Encoding").value_or("identity");
  if (count <= 1 && (http::equal_ignoring_case(coding, "gzip") || http::equal_ignoring_case(coding, "x-gzip"))) {
    return decode(request, bytes, limit_bytes);
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

}  // namespace triggers::lambda
