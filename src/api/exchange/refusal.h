#pragma once

// The errors that a client can get: codes, statuses, details, and the response. Errors of the store and of the server
// become refusals here; a refusal that only one part gives is made there. The success responses are made by the
// endpoints.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/wire/message.h"
#include "http/wire/protocol_error.h"

namespace triggers::api {

/// Why a request was refused: stable names that clients may test (docs/api.md).
enum class Code {
  validation_error,        ///< 400
  unauthorized,            ///< 401
  forbidden,               ///< 403
  not_found,               ///< 404
  method_not_allowed,      ///< 405
  request_timeout,         ///< 408
  conflict,                ///< 409
  length_required,         ///< 411
  precondition_failed,     ///< 412
  payload_too_large,       ///< 413
  unsupported_media_type,  ///< 415
  expectation_failed,      ///< 417
  idempotency_mismatch,    ///< 422; its name is CONFLICT too
  rate_limit_exceeded,     ///< 429
  headers_too_large,       ///< 431
  internal_error,          ///< 500
  not_implemented,         ///< 501
  service_unavailable,     ///< 503
  version_not_supported,   ///< 505
  storage_full,            ///< 507
};
/// A new last code must be named here.
inline constexpr std::size_t code_count = static_cast<std::size_t>(Code::storage_full) + 1;

[[nodiscard]] unsigned http_status(Code code) noexcept;
/// `VALIDATION_ERROR`, …
[[nodiscard]] std::string_view code_name(Code code) noexcept;

/// The members of an error's `details`, as JSON.
class Details {
 public:
  Details& text(std::string_view name, std::string_view value);
  Details& number(std::string_view name, std::uint64_t value);
  Details& list(std::string_view name, std::span<const std::string_view> values);
  /// `{…}`
  [[nodiscard]] std::string json() const { return "{" + members_ + "}"; }

 private:
  void name(std::string_view name);
  std::string members_;
};

/// Why a request fails, for its client: what is wrong, with which field, and how to mend it.
struct Refusal {
  Code code = Code::internal_error;
  std::string message;
  std::string details = "{}";  ///< A JSON object.
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::string cause;  ///< For the log only. Empty if no operator needs to act.
};

/// A value, or the refusal that the client gets.
template <class T>
using OrRefusal = Result<T, Refusal>;

/// A message about a field: `field: problem`, or the problem alone if it begins with the field's name.
[[nodiscard]] std::string about_field(std::string_view field, std::string_view problem);
/// 400 about one field of a body, a query or a header.
[[nodiscard]] Refusal invalid(std::string_view field, std::string_view message);
/// The refusal for a failed call of a store. The cause goes to the log only, unless the client can mend it.
[[nodiscard]] Refusal from_error(const Error& error);
/// 404 for a caller of POST /admin/backup that is not on this machine: the path does not exist for it.
[[nodiscard]] Refusal operator_only();
/// The refusal for what the server could not read as a request.
[[nodiscard]] Refusal from_protocol(const http::ProtocolError& error);

/// The members of an error, without braces, for a response with several errors:
/// `"error_code":…,"message":…,"details":…`.
void append_error_members(std::string& out, const Refusal& refusal);

/// The response: our error format, or RFC 9457's if the request accepts `application/problem+json`.
[[nodiscard]] http::Response render(const Refusal& refusal, const http::Request& request, std::string_view request_id);

}  // namespace triggers::api
