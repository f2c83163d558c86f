// Admission by a request's head, and what a request costs its key. Who is admitted at all is in admit_test.cc.

#include "api/admission/admitted_request.h"

#include <gtest/gtest.h>

#include "api/test_service.h"
#include "base/sync_wait.h"

namespace triggers::api {
namespace {

using http::Method;

constexpr std::size_t kib = 1024;

struct Asked {
  Method method;
  std::string target;
};

const std::vector<Asked> with_body = {{Method::post, "/events"},        {Method::post, "/events/batch"},
                                      {Method::post, "/inbox/ack"},     {Method::post, "/admin/keys"},
                                      {Method::patch, "/admin/keys/k"}, {Method::post, "/admin/keys/k/rotate"}};

std::string remaining(const Seen& seen) {
  const auto field = seen.header("RateLimit");
  return field.substr(0, field.rfind(';'));
}

TEST(AdmittedRequestTest, HeadIsRefusedLikeTheWholeRequest) {
  TestService service("auth-failures-per-minute", "0");
  const auto viewer = service.key(auth::Role::viewer);
  std::vector<Asked> asked = with_body;
  asked.insert(asked.end(), {{Method::post, "/admin/backup"},
                             {Method::get, "/inbox"},
                             {Method::post, "/nothing"},
                             {Method::post, "/inbox"},
                             {Method::options, "/events"},
                             {Method::post, "/events?a=1"}});
  for (const auto& [method, target] : asked) {
    for (const std::string& key : {std::string{}, std::string{"wrong"}, viewer}) {
      if (key == viewer && target == "/inbox" && method == Method::get) continue;
      http::Request request;
      const auto admission = service.admit(request, method, target, key);
      ASSERT_FALSE(admission.ok()) << target;
      const Seen seen{admission.error()};
      const Seen whole = service.send(method, target, key, "{}");
      EXPECT_EQ(seen.status(), whole.status()) << target;
      EXPECT_EQ(seen.response.body.substr(0, 60), whole.response.body.substr(0, 60)) << target;
      EXPECT_EQ(seen.header("Allow"), whole.header("Allow")) << target;
      EXPECT_NE(seen.header("X-Request-ID"), "");
    }
  }
}

TEST(AdmittedRequestTest, AdmittedRequestIsServedAndPaysOnce) {
  TestService service;
  const auto key = service.key(auth::Role::admin, 10);
  int paid = 0;
  for (const auto& [method, target] : with_body) {
    http::Request request;
    const auto admission = service.admit(request, method, target, key, {{"X-Request-ID", "one"}});
    ASSERT_TRUE(admission.ok()) << target;
    EXPECT_EQ((*admission)->holder, "acme");
    EXPECT_TRUE((*admission)->takes_body) << target;
    request.body = "[";
    const Seen seen{sync_wait(service.api->handle(request))};
    EXPECT_EQ(seen.status(), 400U) << target << seen.response.body;
    EXPECT_EQ(seen.header("X-Request-ID"), "one");
    EXPECT_EQ(remaining(seen), "\"default\";r=" + std::to_string(10 - ++paid)) << target;
  }
}

TEST(AdmittedRequestTest, BodyThatNoEndpointReadsIsSkipped) {
  TestService service;
  const auto key = service.key(auth::Role::admin);
  for (const std::string target : {"/", "/health", "/docs", "/metrics", "/inbox", "/admin/keys"}) {
    http::Request request;
    const auto admission = service.admit(request, Method::get, target, key);
    ASSERT_TRUE(admission.ok()) << target;
    EXPECT_FALSE((*admission)->takes_body) << target;
  }
}

TEST(AdmittedRequestTest, OperatorOnTheSocketNeedsNoKeyAndHasAShareOfItsOwn) {
  TestService service;
  http::Request request;
  request.peer.local = true;
  const auto admission = service.admit(request, Method::post, "/admin/keys");
  ASSERT_TRUE(admission.ok());
  request.body = R"({"user_id":"acme","role":"viewer"})";
  EXPECT_EQ(Seen{sync_wait(service.api->handle(request))}.status(), 201U);
  http::Request backup;
  backup.peer.local = true;
  const auto other = service.admit(backup, Method::post, "/admin/backup");
  ASSERT_TRUE(other.ok());
  EXPECT_EQ((*other)->holder, (*admission)->holder);
  EXPECT_NE((*other)->holder, "acme");
}

TEST(AdmittedRequestTest, EachFurther64KiBOfABodyCostsOneMore) {
  TestService service;
  const auto key = service.key(auth::Role::creator, 100);
  http::Request request;
  ASSERT_TRUE(service.admit(request, Method::post, "/events/batch", key).ok());
  for (const auto& [bytes, left] : std::vector<std::pair<std::size_t, int>>{
           {1, 99}, {64 * kib, 99}, {64 * kib + 1, 98}, {64 * kib + 1, 98}, {640 * kib, 90}}) {
    request.ticket->body_grew_to(bytes);
    const Seen seen{service.api->protocol_error({http::ProtocolProblem::bad_encoding, "broken"}, request)};
    EXPECT_EQ(remaining(seen), "\"default\";r=" + std::to_string(left)) << bytes;
  }
}

TEST(AdmittedRequestTest, BodyWithoutATicketCostsTheSame) {
  TestService service;
  const auto key = service.key(auth::Role::creator, 100);
  const std::string body = "[" + std::string(200 * kib, ' ') + "]";
  EXPECT_EQ(remaining(service.send(Method::post, "/events/batch", key, body)), "\"default\";r=96");
}

TEST(AdmittedRequestTest, RequestLargerThanTheBucketIsServedAndCostsAFullOne) {
  TestService service;
  const auto key = service.key(auth::Role::creator, 10);
  http::Request request;
  ASSERT_TRUE(service.admit(request, Method::post, "/events/batch", key).ok());
  request.ticket->body_grew_to(5 * kib * kib);
  request.body = R"([{"event_type":"a","payload":{}}])";
  EXPECT_EQ(Seen{sync_wait(service.api->handle(request))}.status(), 200U);
  const auto refused = service.send(Method::get, "/inbox", key);
  EXPECT_EQ(refused.status(), 429U);
  EXPECT_EQ(refused.detail("retry_after_ms"), "6000");
  service.clock.advance(std::chrono::seconds{6});
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);
}

TEST(AdmittedRequestTest, CostStopsAtTheLimitAndBeginsAtOne) {
  EXPECT_EQ(cost_of(0, 100), 1U);
  EXPECT_EQ(cost_of(65'536, 100), 1U);
  EXPECT_EQ(cost_of(65'537, 100), 2U);
  EXPECT_EQ(cost_of(5 * kib * kib, 100), 80U);
  EXPECT_EQ(cost_of(5 * kib * kib, 3), 3U);
}

}  // namespace
}  // namespace triggers::api
