#include "lambda/request_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/encoding.h"
#include "base/sync_wait.h"
#include "http/wire/test_gzip.h"

namespace triggers::lambda {
namespace {

namespace json = boost::json;
using http::Method;
using http::ProtocolProblem;

constexpr std::size_t limit = 1000;
constexpr auto limited = [](Method, std::string_view) { return limit; };

json::object http_event(std::string_view method, std::string_view path) {
  json::object event = json::parse(R"({"version":"2.0","routeKey":"$default","rawQueryString":"","cookies":["a=1"],
    "headers":{"accept":"*/*","x-two":"one,two"},"requestContext":{"stage":"v1","requestId":"JKJaXmPLvHcESHA=",
    "http":{"protocol":"HTTP/1.1","sourceIp":"192.0.2.1","userAgent":"curl"}},"isBase64Encoded":false})")
                           .as_object();
  event["rawPath"] = path;
  event["requestContext"].at("http").as_object()["method"] = method;
  return event;
}

json::object rest_event(std::string_view method, std::string_view path) {
  json::object event = json::parse(R"({"resource":"/{proxy+}","headers":{"Accept":"*/*","X-Two":"two"},
    "multiValueHeaders":{"Accept":["*/*"],"X-Two":["one","two"],"Cookie":["a=1"]},"queryStringParameters":null,
    "multiValueQueryStringParameters":null,"requestContext":{"stage":"v1","identity":{"sourceIp":"192.0.2.1"}},
    "body":null,"isBase64Encoded":false})")
                           .as_object();
  event["path"] = path;
  event["httpMethod"] = method;
  return event;
}

RequestEvent read(const json::object& event) {
  auto incoming = read_event(json::serialize(event), limited);
  EXPECT_TRUE(incoming.ok()) << json::serialize(event);
  return incoming ? std::move(*incoming) : RequestEvent{};
}

TEST(Event, OfAnHttpApiIsTheRequestThatTheClientSent) {
  auto event = http_event("POST", "/v1/events");
  event["rawQueryString"] = "a=1&b=%20";
  event["body"] = R"({"x":1.0})";
  const auto incoming = read(event);
  EXPECT_EQ(incoming.format, Format::http_2_0);
  EXPECT_FALSE(incoming.problem);
  EXPECT_EQ(incoming.request.method, Method::post);
  EXPECT_EQ(incoming.request.target, "/events?a=1&b=%20");
  EXPECT_EQ(incoming.request.body, R"({"x":1.0})");
  EXPECT_EQ(incoming.request.headers.find("X-Two"), "one,two");
  EXPECT_EQ(incoming.request.headers.count("Cookie"), 0U);
  EXPECT_EQ(incoming.request.peer.address, "192.0.2.1");
  EXPECT_FALSE(incoming.request.peer.local);
}

TEST(Event, OfARestApiHasEveryValueOfAHeaderAndAParameter) {
  auto event = rest_event("GET", "/inbox");
  event["queryStringParameters"] = json::parse(R"({"limit":"5","event_type":"b"})");
  event["multiValueQueryStringParameters"] = json::parse(R"({"limit":["5"],"event_type":["a b&c","b"]})");
  const auto incoming = read(event);
  EXPECT_EQ(incoming.format, Format::rest_1_0);
  EXPECT_EQ(incoming.request.target, "/inbox?limit=5&event_type=a%20b%26c&event_type=b");
  EXPECT_EQ(incoming.request.headers.count("X-Two"), 2U);
  EXPECT_EQ(incoming.request.headers.count("Cookie"), 0U);
  EXPECT_EQ(incoming.request.peer.address, "192.0.2.1");
}

TEST(Event, WithoutListsHasTheSingleValues) {
  auto event = rest_event("GET", "/inbox");
  event["multiValueHeaders"] = nullptr;
  event["queryStringParameters"] = json::parse(R"({"limit":"5"})");
  const auto incoming = read(event);
  EXPECT_EQ(incoming.request.target, "/inbox?limit=5");
  EXPECT_EQ(incoming.request.headers.find("X-Two"), "two");
}

TEST(Event, PathBeginsBehindTheStage) {
  const auto target = [](std::string_view stage, std::string_view path) {
    auto event = http_event("GET", path);
    event["requestContext"].as_object()["stage"] = stage;
    return read(event).request.target;
  };
  EXPECT_EQ(target("v1", "/v1/inbox"), "/inbox");
  EXPECT_EQ(target("v1", "/v1"), "/");
  EXPECT_EQ(target("v1", "/v1/"), "/");
  EXPECT_EQ(target("v1", "/inbox"), "/inbox");
  EXPECT_EQ(target("v1", "/v10/inbox"), "/v10/inbox");
  EXPECT_EQ(target("$default", "/inbox"), "/inbox");
  EXPECT_EQ(target("$default", "/v1/inbox"), "/inbox");
  EXPECT_EQ(target("prod", "/prod/inbox"), "/inbox");
  EXPECT_EQ(target("prod", "/v1/inbox"), "/inbox");
}

std::string prefix_of(const RequestEvent& incoming) {
  return std::string{incoming.request.headers.find("X-Forwarded-Prefix").value_or("none")};
}

TEST(Event, ResourceOfARestApiIsThePathWhateverStandsInFront) {
  const auto read_at = [](std::string_view resource, std::string_view path, std::string_view parameters) {
    auto event = rest_event("GET", path);
    event["resource"] = resource;
    event["pathParameters"] = json::parse({parameters.data(), parameters.size()});
    event["requestContext"].as_object()["path"] = path;
    return read(event);
  };
  const auto target = [&](auto... arguments) { return read_at(arguments...).request.target; };
  EXPECT_EQ(target("/{proxy+}", "/triggers/health", R"({"proxy":"health"})"), "/health");
  EXPECT_EQ(target("/{proxy+}", "/triggers/events/x", R"({"proxy":"events/x"})"), "/events/x");
  EXPECT_EQ(target("/events/{id}", "/triggers/events/x", R"({"id":"x"})"), "/events/x");
  EXPECT_EQ(target("/admin/keys/{id}/rotate", "/t/admin/keys/k/rotate", R"({"id":"k"})"), "/admin/keys/k/rotate");
  EXPECT_EQ(target("/", "/triggers", "null"), "/");
  EXPECT_EQ(target("/{proxy+}", "/v1/inbox", R"({"proxy":"v1/inbox"})"), "/inbox");
  // Another name than the stage's: it is the API's own path.
  EXPECT_EQ(target("/{proxy+}", "/v1/inbox", R"({"proxy":"inbox"})"), "/inbox");
  // Without its parameter, or where the resource is no path, the path counts.
  EXPECT_EQ(target("/{proxy+}", "/v1/inbox", "null"), "/inbox");
  EXPECT_EQ(target("/{proxy+", "/v1/inbox", R"({"proxy":"x"})"), "/inbox");
  EXPECT_EQ(target("$default", "/v1/inbox", "null"), "/inbox");
  EXPECT_EQ(prefix_of(read_at("/{proxy+}", "/triggers/health", R"({"proxy":"health"})")), "/triggers");
  EXPECT_EQ(prefix_of(read_at("/", "/triggers", "null")), "/triggers");
  EXPECT_EQ(prefix_of(read_at("/{proxy+}", "/health", R"({"proxy":"health"})")), "none");
}

TEST(Event, RemovedPrefixIsReportedAndAClientsOwnFieldIsIgnored) {
  auto event = http_event("GET", "/v1/docs");
  event["headers"].as_object()["x-forwarded-prefix"] = "/of-the-client";
  EXPECT_EQ(prefix_of(read(event)), "/v1");
  EXPECT_EQ(read(event).request.headers.count("X-Forwarded-Prefix"), 1U);
  EXPECT_EQ(prefix_of(read(http_event("GET", "/v1"))), "/v1");
  EXPECT_EQ(prefix_of(read(http_event("GET", "/docs"))), "none");
}

TEST(Event, OfALoadBalancerOrOfAnUnknownFormatIsRefusedByName) {
  const auto refusal = [](const json::object& event) {
    const auto incoming = read_event(json::serialize(event), limited);
    EXPECT_FALSE(incoming.ok());
    return incoming ? std::string{} : incoming.error().message;
  };
  json::object alb = json::parse(R"({"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:x"}},
    "httpMethod":"GET","path":"/inbox","queryStringParameters":{"event_type":"a%20b"},
    "headers":{"host":"x","x-forwarded-for":"192.0.2.1"},"body":"","isBase64Encoded":false})")
                         .as_object();
  EXPECT_THAT(refusal(alb), testing::HasSubstr("Application Load Balancer"));
  auto later = http_event("GET", "/v1/inbox");
  later["version"] = "3.0";
  EXPECT_THAT(refusal(later), testing::HasSubstr("neither 1.0 nor 2.0"));
  later["version"] = 2;
  EXPECT_THAT(refusal(later), testing::HasSubstr("neither 1.0 nor 2.0"));
  auto rest = rest_event("GET", "/inbox");
  rest.erase("resource");
  EXPECT_THAT(refusal(rest), testing::HasSubstr("resource"));
}

TEST(Event, PathThatWasDecodedIsATargetAgain) {
  EXPECT_EQ(read(http_event("GET", "/v1/events/a b?c#d\xc3\xa9%20")).request.target, "/events/a%20b%3Fc%23d%C3%A9%20");
}

TEST(Event, MethodThatTheApiDoesNotKnowIsOther) {
  EXPECT_EQ(read(http_event("DELETE", "/v1/x")).request.method, Method::del);
  EXPECT_EQ(read(http_event("HEAD", "/v1/x")).request.method, Method::head);
  EXPECT_EQ(read(http_event("TRACE", "/v1/x")).request.method, Method::other);
}

TEST(Event, BodyInBase64IsItsBytes) {
  auto event = http_event("POST", "/v1/events");
  const std::string bytes("\0\xff{}", 4);
  event["body"] = to_base64(bytes);
  event["isBase64Encoded"] = true;
  EXPECT_EQ(read(event).request.body, bytes);
  event["body"] = "not base64";
  EXPECT_FALSE(read_event(json::serialize(event), limited));
}

/// With the body or the problem that a handler would get.
RequestEvent answered(RequestEvent incoming) {
  http::Handlers handlers;
  handlers.handle = [](const http::Request&) -> Task<http::Response> { co_return http::Response{}; };
  handlers.protocol_error = [&](const http::ProtocolError& error, const http::Request&) -> http::Response {
    incoming.problem = error;
    return {};
  };
  if (!incoming.problem) sync_wait(answer_request(handlers, incoming.request, std::move(incoming.packed)));
  return incoming;
}

TEST(Event, GzipBodyIsDecodedWithinTheLimit) {
  const auto with_body = [](std::string_view coding, std::string_view bytes) {
    auto event = http_event("POST", "/v1/events");
    event["headers"].as_object()["content-encoding"] = coding;
    event["body"] = to_base64(bytes);
    event["isBase64Encoded"] = true;
    auto incoming = read(event);
    EXPECT_TRUE(incoming.packed.bytes.empty() || incoming.request.body.empty());
    return answered(std::move(incoming));
  };
  EXPECT_EQ(with_body("gzip", http::gzipped(R"({"a":1})")).request.body, R"({"a":1})");
  EXPECT_EQ(with_body("identity", "abc").request.body, "abc");
  const auto problem = [&](std::string_view coding, std::string_view bytes) {
    const auto incoming = with_body(coding, bytes);
    EXPECT_EQ(incoming.request.body, "");
    return incoming.problem.value().problem;
  };
  EXPECT_EQ(problem("gzip", http::gzipped(std::string(limit + 1, 'a'))), ProtocolProblem::body_too_large);
  EXPECT_EQ(problem("gzip", "no gzip at all"), ProtocolProblem::bad_encoding);
  const auto whole = http::gzipped("abc");
  EXPECT_EQ(problem("gzip", std::string_view(whole).substr(0, whole.size() - 1)), ProtocolProblem::bad_encoding);
  EXPECT_EQ(problem("br", "abc"), ProtocolProblem::unsupported_encoding);
}

TEST(Event, BodyOverTheLimitIsAProblemOfTheRequestAndNotOfTheEvent) {
  auto event = rest_event("POST", "/events");
  event["body"] = std::string(limit, 'a');
  EXPECT_FALSE(read(event).problem);
  event["body"] = std::string(limit + 1, 'a');
  const auto incoming = read(event);
  ASSERT_TRUE(incoming.problem);
  EXPECT_EQ(incoming.problem->problem, ProtocolProblem::body_too_large);
  EXPECT_EQ(incoming.problem->size_bytes, limit + 1);
  EXPECT_EQ(incoming.request.target, "/events");
}

TEST(Event, EventThatIsNotApiGatewaysIsRefused) {
  for (const std::string_view text :
       {"", "null", "[]", "{}", R"({"Records":[{"eventSource":"aws:sqs"}]})", R"({"requestContext":{}})",
        R"({"version":"2.0","requestContext":{}})", R"({"version":"2.0","rawPath":"/","requestContext":{"http":1}})",
        R"({"path":"/","requestContext":{}})", R"({"path":"/")"}) {
    const auto incoming = read_event(text, limited);
    ASSERT_FALSE(incoming) << text;
    EXPECT_EQ(incoming.error().code, ErrorCode::invalid_argument);
  }
}

TEST(Event, FieldThatCouldEndAHeaderIsRefused) {
  for (const auto& [name, value] : {std::pair{"x", "a\r\nb: c"}, {"x\ny", "a"}, {"", "a"}, {"x", "\x7f"}}) {
    auto event = http_event("GET", "/v1/inbox");
    event["headers"].as_object()[name] = value;
    EXPECT_FALSE(read_event(json::serialize(event), limited)) << name;
  }
  auto event = rest_event("GET", "/inbox");
  event["multiValueHeaders"].as_object()["x"] = "no list";
  EXPECT_FALSE(read_event(json::serialize(event), limited));
}

}  // namespace
}  // namespace triggers::lambda
