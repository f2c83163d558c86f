#include "api/exchange/refusal.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>
#include <set>

namespace triggers::api {
namespace {

struct CodeRow {
  Code code;
  unsigned status;
  std::string_view name;
};

constexpr CodeRow codes[] = {
    {Code::validation_error, 400, "VALIDATION_ERROR"},
    {Code::unauthorized, 401, "UNAUTHORIZED"},
    {Code::forbidden, 403, "FORBIDDEN"},
    {Code::not_found, 404, "NOT_FOUND"},
    {Code::method_not_allowed, 405, "METHOD_NOT_ALLOWED"},
    {Code::request_timeout, 408, "REQUEST_TIMEOUT"},
    {Code::conflict, 409, "CONFLICT"},
    {Code::length_required, 411, "LENGTH_REQUIRED"},
    {Code::precondition_failed, 412, "PRECONDITION_FAILED"},
    {Code::payload_too_large, 413, "PAYLOAD_TOO_LARGE"},
    {Code::unsupported_media_type, 415, "UNSUPPORTED_MEDIA_TYPE"},
    {Code::expectation_failed, 417, "EXPECTATION_FAILED"},
    {Code::idempotency_mismatch, 422, "CONFLICT"},
    {Code::rate_limit_exceeded, 429, "RATE_LIMIT_EXCEEDED"},
    {Code::headers_too_large, 431, "HEADERS_TOO_LARGE"},
    {Code::internal_error, 500, "INTERNAL_ERROR"},
    {Code::not_implemented, 501, "NOT_IMPLEMENTED"},
    {Code::service_unavailable, 503, "SERVICE_UNAVAILABLE"},
    {Code::version_not_supported, 505, "VERSION_NOT_SUPPORTED"},
    {Code::storage_full, 507, "STORAGE_FULL"},
};

std::string header(const Refusal& refusal, std::string_view name) {
  for (const auto& [field, value] : refusal.headers) {
    if (field == name) return value;
  }
  return {};
}

TEST(Refusal, AProblemThatNamesItsFieldIsTheWholeMessage) {
  EXPECT_EQ(invalid("payload", "payload is required.").message, "payload is required.");
  EXPECT_EQ(invalid("x", "\"x\" is not a field.").message, "\"x\" is not a field.");
  EXPECT_EQ(invalid("x", "\"xy\" is not a field.").message, "x: \"xy\" is not a field.");
  EXPECT_EQ(invalid("payload", "is given more than once").message, "payload: is given more than once");
  EXPECT_EQ(invalid("pay", "payload is required.").message, "pay: payload is required.");
}

TEST(RefusalTest, EveryCodeHasItsStatusAndName) {
  ASSERT_EQ(std::size(codes), code_count);
  for (const auto& row : codes) {
    EXPECT_EQ(http_status(row.code), row.status);
    EXPECT_EQ(code_name(row.code), row.name);
    EXPECT_FALSE(http::reason_phrase(row.status).empty()) << row.status;
  }
}

TEST(RefusalTest, TenantBeyondItsShareIsToldWhichShareAndThatOthersAreServed) {
  const auto refusal = from_error({ErrorCode::share_used, "Too many reads of this tenant are waiting."});
  EXPECT_EQ(refusal.code, Code::rate_limit_exceeded);
  EXPECT_EQ(refusal.message,
            "Too many reads of this tenant are waiting. Others are served: wait for your own answers before you send "
            "more.");
  EXPECT_EQ(refusal.details, R"({"reason":"too_many_under_way"})");
  EXPECT_EQ(header(refusal, "Retry-After"), "1");
  EXPECT_EQ(refusal.cause, "");
}

TEST(RefusalTest, AClientsErrorIsReturnedAndNotLogged) {
  struct {
    ErrorCode from;
    Code to;
  } const rows[] = {{ErrorCode::invalid_argument, Code::validation_error},
                    {ErrorCode::not_found, Code::not_found},
                    {ErrorCode::conflict, Code::conflict},
                    {ErrorCode::too_large, Code::payload_too_large}};
  for (const auto& row : rows) {
    const auto refusal = from_error({row.from, "why"});
    EXPECT_EQ(refusal.code, row.to);
    EXPECT_EQ(refusal.message, "why");
    EXPECT_EQ(refusal.cause, "");
  }
}

TEST(RefusalTest, OurOwnErrorIsLoggedAndNotReturned) {
  for (const auto code : {ErrorCode::overloaded, ErrorCode::unavailable, ErrorCode::internal}) {
    const auto refusal = from_error({code, "/var/lib/secret is full"});
    EXPECT_EQ(refusal.cause, "/var/lib/secret is full");
    EXPECT_EQ((refusal.message + refusal.details).find("secret"), std::string::npos);
    EXPECT_EQ(header(refusal, "Retry-After").empty(), code == ErrorCode::internal);
  }
}

TEST(RefusalTest, UnavailableStoreIsTheSameErrorForReadersAndWriters) {
  const auto refusal = from_error({ErrorCode::unavailable, ""});
  EXPECT_TRUE(refusal.message.starts_with("The store cannot serve this request now. If it was a write,"));
}

TEST(RefusalTest, TemporaryErrorsAreRetriedSoonerThanThoseThatNeedAnOperator) {
  EXPECT_EQ(header(from_error({ErrorCode::overloaded, ""}), "Retry-After"), "1");
  EXPECT_EQ(header(from_error({ErrorCode::unavailable, ""}), "Retry-After"), "30");
}

TEST(RefusalTest, EveryProtocolProblemHasItsStatus) {
  using http::ProtocolProblem;
  struct {
    ProtocolProblem problem;
    unsigned status;
  } const rows[] = {{ProtocolProblem::malformed, 400},
                    {ProtocolProblem::header_too_large, 431},
                    {ProtocolProblem::body_too_large, 413},
                    {ProtocolProblem::timeout, 408},
                    {ProtocolProblem::length_required, 411},
                    {ProtocolProblem::unsupported_encoding, 415},
                    {ProtocolProblem::bad_encoding, 400},
                    {ProtocolProblem::unsupported_expectation, 417},
                    {ProtocolProblem::version_not_supported, 505},
                    {ProtocolProblem::not_implemented, 501},
                    {ProtocolProblem::too_many_connections, 503},
                    {ProtocolProblem::too_many_bodies, 503},
                    {ProtocolProblem::shutting_down, 503},
                    {ProtocolProblem::out_of_time, 503},
                    {ProtocolProblem::answer_too_large, 413}};
  for (const auto& row : rows) {
    const auto refusal = from_protocol({row.problem, "what it was", 10, 11});
    EXPECT_EQ(http_status(refusal.code), row.status);
    EXPECT_EQ(refusal.message, "what it was");
    EXPECT_EQ(header(refusal, "Retry-After").empty(), row.status != 503);
  }
  EXPECT_EQ(from_protocol({ProtocolProblem::body_too_large, "", 10, 11}).details,
            R"({"limit_bytes":10,"size_bytes":11})");
  EXPECT_EQ(from_protocol({ProtocolProblem::body_too_large, "", 10, 0}).details, R"({"limit_bytes":10})");
  EXPECT_EQ(from_protocol({ProtocolProblem::body_too_large, "", 10, std::numeric_limits<std::size_t>::max()}).details,
            R"({"limit_bytes":10,"size_bytes":18446744073709551615})");
}

TEST(RefusalTest, AnErrorIsJsonWhateverItsTextContains) {
  Refusal refusal = invalid("a\"b\n", "\x01\\\xC3\xA9");
  const auto response = render(refusal, {}, "id-1");
  const auto body = boost::json::parse(response.body).as_object();
  EXPECT_EQ(response.status, 400U);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(body.at("status").as_string(), "error");
  EXPECT_EQ(body.at("error_code").as_string(), "VALIDATION_ERROR");
  EXPECT_EQ(body.at("details").at("field").as_string(), "a\"b\n");
  EXPECT_EQ(body.at("correlation_id").as_string(), "id-1");
}

TEST(RefusalTest, ProblemJsonHoldsTheSameFacts) {
  http::Request request;
  request.headers.add("Accept", "text/html, application/problem+json;q=0.9");
  const auto response = render(invalid("limit", "is odd"), request, "id-1");
  const auto body = boost::json::parse(response.body).as_object();
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(body.at("status").as_int64(), 400);
  EXPECT_EQ(body.at("title").as_string(), "Bad Request");
  EXPECT_EQ(body.at("detail").as_string(), "limit: is odd");
  EXPECT_EQ(body.at("error_code").as_string(), "VALIDATION_ERROR");
  EXPECT_EQ(body.at("details").at("field").as_string(), "limit");
  EXPECT_EQ(body.at("correlation_id").as_string(), "id-1");
}

}  // namespace
}  // namespace triggers::api
