#include "api/exchange/refusal.h"

#include <fmt/format.h>

#include "event/event.h"

namespace triggers::api {
namespace {

constexpr std::string_view problem_json = "application/problem+json";
/// After a full queue: the next commit makes room much sooner.
constexpr std::string_view overloaded_retry_seconds = "1";
/// After a failed disk: an operator must act.
constexpr std::string_view unavailable_retry_seconds = "30";

bool accepts_problem_json(const http::Request& request) {
  const auto accept = request.headers.find("Accept");
  return accept && accept->find(problem_json) != std::string_view::npos;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  event::append_json_string(out, value);
}

}  // namespace

unsigned http_status(Code code) noexcept {
  switch (code) {
    case Code::validation_error: return 400;
    case Code::unauthorized: return 401;
    case Code::forbidden: return 403;
    case Code::not_found: return 404;
    case Code::method_not_allowed: return 405;
    case Code::request_timeout: return 408;
    case Code::conflict: return 409;
    case Code::length_required: return 411;
    case Code::precondition_failed: return 412;
    case Code::payload_too_large: return 413;
    case Code::unsupported_media_type: return 415;
    case Code::expectation_failed: return 417;
    case Code::idempotency_mismatch: return 422;
    case Code::rate_limit_exceeded: return 429;
    case Code::headers_too_large: return 431;
    case Code::internal_error: return 500;
    case Code::not_implemented: return 501;
    case Code::service_unavailable: return 503;
    case Code::version_not_supported: return 505;
    case Code::storage_full: return 507;
  }
  INVARIANT(false, "a code without an entry in this switch");
}

std::string_view code_name(Code code) noexcept {
  switch (code) {
    case Code::validation_error: return "VALIDATION_ERROR";
    case Code::unauthorized: return "UNAUTHORIZED";
    case Code::forbidden: return "FORBIDDEN";
    case Code::not_found: return "NOT_FOUND";
    case Code::method_not_allowed: return "METHOD_NOT_ALLOWED";
    case Code::request_timeout: return "REQUEST_TIMEOUT";
    case Code::conflict: return "CONFLICT";
    case Code::length_required: return "LENGTH_REQUIRED";
    case Code::precondition_failed: return "PRECONDITION_FAILED";
    case Code::payload_too_large: return "PAYLOAD_TOO_LARGE";
    case Code::unsupported_media_type: return "UNSUPPORTED_MEDIA_TYPE";
    case Code::expectation_failed: return "EXPECTATION_FAILED";
    case Code::idempotency_mismatch: return "CONFLICT";
    case Code::rate_limit_exceeded: return "RATE_LIMIT_EXCEEDED";
    case Code::headers_too_large: return "HEADERS_TOO_LARGE";
    case Code::internal_error: return "INTERNAL_ERROR";
    case Code::not_implemented: return "NOT_IMPLEMENTED";
    case Code::service_unavailable: return "SERVICE_UNAVAILABLE";
    case Code::version_not_supported: return "VERSION_NOT_SUPPORTED";
    case Code::storage_full: return "STORAGE_FULL";
  }
  INVARIANT(false, "a code without an entry in this switch");
}

void Details::name(std::string_view name) {
  if (!members_.empty()) members_ += ',';
  event::append_json_string(members_, name);
  members_ += ':';
}

Details& Details::text(std::string_view member, std::string_view value) {
  name(member);
  event::append_json_string(members_, value);
  return *this;
}

Details& Details::number(std::string_view member, std::uint64_t value) {
  name(member);
  members_ += std::to_string(value);
  return *this;
}

Details& Details::list(std::string_view member, std::span<const std::string_view> values) {
  name(member);
  members_ += '[';
  for (const std::string_view value : values) {
    if (members_.back() != '[') members_ += ',';
    event::append_json_string(members_, value);
  }
  members_ += ']';
  return *this;
}

std::string about_field(std::string_view field, std::string_view problem) {
  const bool quoted = problem.starts_with('"');
  const std::string_view name = problem.substr(quoted ? 1 : 0);
  const bool names_field = name.starts_with(field) && name.substr(field.size()).starts_with(quoted ? "\" " : " ");
  return names_field ? std::string(problem) : fmt::format("{}: {}", field, problem);
}

Refusal invalid(std::string_view field, std::string_view message) {
  std::string details = Details().text("field", field).text("problem", message).json();
  return {Code::validation_error, about_field(field, message), std::move(details), {}, {}};
}

Refusal from_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument: return {Code::validation_error, error.message, "{}", {}, {}};
    case ErrorCode::not_found: return {Code::not_found, error.message, "{}", {}, {}};
    case ErrorCode::conflict: return {Code::conflict, error.message, "{}", {}, {}};
    case ErrorCode::too_large: return {Code::payload_too_large, error.message, "{}", {}, {}};
    case ErrorCode::overloaded:
      return {Code::service_unavailable,
              "The service is busy and did nothing with this request: send it again after a moment.",
              Details().text("reason", "overloaded").json(),
              {{"Retry-After", std::string{overloaded_retry_seconds}}},
              error.message};
    case ErrorCode::share_used:
      return {Code::rate_limit_exceeded,
              error.message + " Others are served: wait for your own answers before you send more.",
              Details().text("reason", "too_many_under_way").json(),
              {{"Retry-After", std::string{overloaded_retry_seconds}}},
              {}};
    case ErrorCode::unavailable:
      return {Code::service_unavailable,
              "The store cannot serve this request now. If it was a write, it may or may not have been stored: send it "
              "again later, with an Idempotency-Key or unchanged, and it will be stored once.",
              Details().text("reason", "store_unavailable").json(),
              {{"Retry-After", std::string{unavailable_retry_seconds}}},
              error.message};
    case ErrorCode::internal:
      return {Code::internal_error,
              "The service failed; the correlation id names this failure in its log.",
              "{}",
              {},
              error.message};
  }
  INVARIANT(false, "a code without an entry in this switch");
}

Refusal operator_only() {
  return {Code::not_found, "Only the operator makes backups: run triggers backup beside the server.", "{}", {}, {}};
}

Refusal from_protocol(const http::ProtocolError& error) {
  const auto sized = [&](Code code) {
    Details details;
    if (error.limit_bytes > 0) details.number("limit_bytes", error.limit_bytes);
    if (error.size_bytes > 0) details.number("size_bytes", error.size_bytes);
    return Refusal{code, error.detail, details.json(), {}, {}};
  };
  using http::ProtocolProblem;
  switch (error.problem) {
    case ProtocolProblem::malformed:
      return {Code::validation_error, error.detail, Details().text("field", "request").json(), {}, {}};
    case ProtocolProblem::header_too_large: return sized(Code::headers_too_large);
    case ProtocolProblem::answer_too_large:
    case ProtocolProblem::body_too_large: return sized(Code::payload_too_large);
    case ProtocolProblem::timeout: return {Code::request_timeout, error.detail, "{}", {}, {}};
    case ProtocolProblem::length_required: return {Code::length_required, error.detail, "{}", {}, {}};
    case ProtocolProblem::unsupported_encoding:
      return {Code::unsupported_media_type, error.detail, "{}", {{"Accept-Encoding", "gzip, identity"}}, {}};
    case ProtocolProblem::bad_encoding:
      return {Code::validation_error, error.detail, Details().text("field", "body").json(), {}, {}};
    case ProtocolProblem::unsupported_expectation: return {Code::expectation_failed, error.detail, "{}", {}, {}};
    case ProtocolProblem::version_not_supported: return {Code::version_not_supported, error.detail, "{}", {}, {}};
    case ProtocolProblem::not_implemented: return {Code::not_implemented, error.detail, "{}", {}, {}};
    case ProtocolProblem::too_many_bodies:
      return {Code::service_unavailable,
              error.detail,
              Details().text("reason", "overloaded").json(),
              {{"Retry-After", std::string{overloaded_retry_seconds}}},
              {}};
    case ProtocolProblem::too_many_connections:
    case ProtocolProblem::shutting_down:
    case ProtocolProblem::out_of_time:
      return {
          Code::service_unavailable, error.detail, "{}", {{"Retry-After", std::string{overloaded_retry_seconds}}}, {}};
  }
  INVARIANT(false, "a code without an entry in this switch");
}

void append_error_members(std::string& out, const Refusal& refusal) {
  out += "\"error_code\":\"";
  out += code_name(refusal.code);
  out += '"';
  append_member(out, "message", refusal.message);
  out += ",\"details\":";
  out += refusal.details;
}

http::Response render(const Refusal& refusal, const http::Request& request, std::string_view request_id) {
  http::Response response;
  response.status = http_status(refusal.code);
  response.headers = refusal.headers;
  std::string& body = response.body;
  if (accepts_problem_json(request)) {
    response.content_type = problem_json;
    body = fmt::format("{{\"type\":\"about:blank\",\"title\":\"{}\",\"status\":{}",
                       http::reason_phrase(response.status), response.status);
    append_member(body, "detail", refusal.message);
    append_member(body, "error_code", code_name(refusal.code));
    body += ",\"details\":";
    body += refusal.details;
  } else {
    body = "{\"status\":\"error\",";
    append_error_members(body, refusal);
  }
  append_member(body, "correlation_id", request_id);
  body += "}\n";
  return response;
}

}  // namespace triggers::api
