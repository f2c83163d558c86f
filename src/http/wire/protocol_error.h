#pragma once

// Why bytes are not a request, or a request that the server refuses itself. The API's own refusals are in
// api/exchange/refusal.h.

#include <cstddef>
#include <string>

namespace triggers::http {

/// Why a request never reached the handler.
enum class ProtocolProblem {
  malformed,         ///< 400: not HTTP/1.1, or framing that two readers could read differently. The connection closes.
  header_too_large,  ///< 431
  body_too_large,    ///< 413: `limit_bytes` says the limit, `size_bytes` the declared size if there was one.
  timeout,           ///< 408
  length_required,   ///< 411
  unsupported_encoding,     ///< 415: a Content-Encoding other than gzip or identity.
  bad_encoding,             ///< 400: the gzip stream is broken or cut.
  unsupported_expectation,  ///< 417
  version_not_supported,    ///< 505
  not_implemented,          ///< 501: a Transfer-Encoding other than chunked.
  too_many_connections,     ///< 503
  too_many_bodies,          ///< 503: ServerConfig::bodies_bytes_max.
  shutting_down,            ///< 503
  out_of_time,              ///< 503: the handler did not finish within its caller's time.
  answer_too_large,         ///< 413: the response is larger than `limit_bytes`, its caller's limit.
};

struct ProtocolError {
  ProtocolProblem problem;
  std::string detail;  ///< For a person; never the request's own bytes.
  std::size_t limit_bytes = 0;
  std::size_t size_bytes = 0;  ///< 0: unknown.
};

}  // namespace triggers::http
