// What holds for every endpoint: errors of the store and their log lines, request ids, methods, CORS, sizes, memory of
// responses, counters; also the status page and who may read the metrics. Other single endpoints are tested in
// endpoints/ and in tests/e2e/test_contract.py.

#include "api/api.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "api/test_service.h"
#include "auth/validate.h"
#include "base/sync_wait.h"
#include "metrics/scraper.h"

namespace triggers::api {
namespace {

using http::Method;

constexpr std::string_view disk_words = "/srv/data/000012.log: No space left on device";
const std::string an_event = R"({"event_type":"t","payload":{}})";
const std::string an_id = "0190a5c0-1234-7abc-8def-0123456789ab";

struct Asked {
  Method method;
  std::string target;
  std::string body;
};
const std::vector<Asked> writes = {{Method::post, "/events", an_event},
                                   {Method::post, "/events/batch", "[" + an_event + "]"},
                                   {Method::del, "/events/" + an_id, ""},
                                   {Method::post, "/inbox/ack", "{\"event_ids\":[\"" + an_id + "\"]}"}};
const std::vector<Asked> reads = {{Method::get, "/inbox", ""}, {Method::get, "/events/" + an_id, ""}};

TEST(ApiTest, AStoppedStoreIs503WithRetryAfterAndNoDetailOfTheDisk) {
  BrokenStore broken({ErrorCode::unavailable, std::string{disk_words}});
  TestService service(broken);
  const auto key = service.key();
  for (const auto& asked : writes) {
    const auto seen = service.send(asked.method, asked.target, key, asked.body);
    EXPECT_EQ(seen.status(), 503U) << asked.target;
    EXPECT_EQ(seen.code(), "SERVICE_UNAVAILABLE");
    EXPECT_EQ(seen.detail("reason"), "store_unavailable");
    EXPECT_EQ(seen.header("Retry-After"), "30");
    EXPECT_EQ(seen.response.body.find("No space"), std::string::npos);
    EXPECT_EQ(seen.response.body.find("/srv"), std::string::npos);
  }
}

TEST(ApiTest, AFullQueueIs503WithAShortRetryAfter) {
  BrokenStore broken({ErrorCode::overloaded, "the write queue is full"});
  TestService service(broken);
  const auto key = service.key();
  for (const auto& all : {writes, reads}) {
    for (const auto& asked : all) {
      const auto seen = service.send(asked.method, asked.target, key, asked.body);
      EXPECT_EQ(seen.status(), 503U) << asked.target;
      EXPECT_EQ(seen.detail("reason"), "overloaded");
      EXPECT_EQ(seen.header("Retry-After"), "1");
    }
  }
}

TEST(ApiTest, AnInternalErrorIs500WithoutItsCause) {
  BrokenStore broken({ErrorCode::internal, std::string{disk_words}});
  TestService service(broken);
  const auto key = service.key();
  for (const auto& all : {writes, reads}) {
    for (const auto& asked : all) {
      const auto seen = service.send(asked.method, asked.target, key, asked.body, {{"X-Request-ID", "mine"}});
      EXPECT_EQ(seen.status(), 500U) << asked.target;
      EXPECT_EQ(seen.code(), "INTERNAL_ERROR");
      EXPECT_EQ(seen.text("correlation_id"), "mine");
      EXPECT_EQ(seen.header("Retry-After"), "");
      EXPECT_EQ(seen.response.body.find("/srv"), std::string::npos);
    }
  }
}

std::ptrdiff_t lines_of(const std::function<void()>& work) {
  testing::internal::CaptureStderr();
  work();
  const std::string text = testing::internal::GetCapturedStderr();
  return std::ranges::count(text, '\n');
}

TEST(ApiTest, ManyRefusalsDoNotFillTheLog) {
  BrokenStore broken({ErrorCode::overloaded, "the write queue is full"});
  TestService service(broken);
  const auto key = service.key();
  const auto crowd = [&] {
    for (int i = 0; i < 100; ++i) service.post(key, "t", "{}");
  };
  EXPECT_EQ(lines_of(crowd), 1);
  service.clock.advance(std::chrono::milliseconds{999});
  EXPECT_EQ(lines_of(crowd), 0);
  service.clock.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(lines_of(crowd), 1);
}

TEST(ApiTest, EveryFailureIsInTheLog) {
  BrokenStore broken({ErrorCode::internal, "a checksum is wrong"});
  TestService service(broken);
  const auto key = service.key();
  EXPECT_EQ(lines_of([&] {
              for (int i = 0; i < 10; ++i) service.post(key, "t", "{}");
            }),
            10);
}

TEST(ApiTest, ReadsContinueWhenWritesHaveStopped) {
  TestService service;
  const auto key = service.key();
  const auto id = service.post(key, "t", "{}").text("event_id");
  service.store->fail_writes(std::string{disk_words});
  EXPECT_EQ(service.post(key, "t", R"({"n":1})").status(), 503U);
  EXPECT_EQ(service.send(Method::del, "/events/" + id, key).status(), 503U);
  EXPECT_EQ(service.send(Method::get, "/events/" + id, key).status(), 200U);
  EXPECT_EQ(service.send(Method::get, "/inbox", key).json().at("events").as_array().size(), 1U);
}

TEST(ApiTest, StatusSaysThatTheStoreStoppedButNotWhy) {
  TestService service;
  for (const auto* path : {"/status", "/health"}) {
    EXPECT_EQ(service.send(Method::get, path).status(), 200U);
    EXPECT_EQ(service.send(Method::get, path).text("status"), "ok");
  }
  service.clock.advance(std::chrono::milliseconds{61'999});
  EXPECT_EQ(service.send(Method::get, "/status").text("uptime_seconds"), "61");
  service.store->fail_writes(std::string{disk_words});
  for (const auto* path : {"/status", "/health"}) {
    const auto seen = service.send(Method::get, path);
    EXPECT_EQ(seen.status(), 503U);
    EXPECT_EQ(seen.text("status"), "unavailable");
    EXPECT_EQ(seen.header("Retry-After"), "30");
    EXPECT_EQ(seen.response.body.find("No space"), std::string::npos);
  }
}

TEST(ApiTest, StatusIs503OnceTheServerIsStopping) {
  TestService service;
  service.services.stopping = [] { return true; };
  const auto seen = service.send(Method::get, "/health");
  EXPECT_EQ(seen.status(), 503U);
  EXPECT_EQ(seen.text("problem"), "the server is stopping");
}

TEST(ApiTest, TheConfiguredVersionIsShownEverywhere) {
  TestService service("api-version", "v9");
  for (const std::string_view path : {"/", "/status", "/health"}) {
    EXPECT_EQ(service.send(Method::get, std::string{path}).text("version"), "v9") << path;
  }
}

TEST(ApiTest, AValidRequestIdIsKeptAndAnyOtherReplaced) {
  TestService service;
  for (const auto& sane : {std::string{"a"}, std::string{"req-1_2.3:4/5+6=7@8"}, std::string(128, 'x'),
                           std::string(32, 'a') + "-" + std::string(63, 'B'),
                           std::string{"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}) {
    const auto seen = service.send(Method::get, "/inbox", {}, {}, {{"X-Request-ID", sane}});
    EXPECT_EQ(seen.header("X-Request-ID"), sane);
    EXPECT_EQ(seen.text("correlation_id"), sane);
  }
  for (const auto& odd : {std::string{}, std::string(129, 'x'), std::string{"a b"}, std::string{"a\"b"},
                          std::string{"a\nb"}, std::string("a\0b", 3), std::string{"\xC3\xA9"}, std::string{"<x>"}}) {
    const auto seen = service.send(Method::get, "/inbox", {}, {}, {{"X-Request-ID", odd}});
    EXPECT_TRUE(event::EventId::parse(seen.header("X-Request-ID"))) << odd;
    EXPECT_EQ(seen.text("correlation_id"), seen.header("X-Request-ID"));
  }
}

TEST(ApiTest, ARequestIdThatMayHoldAnApiKeyIsReplaced) {
  TestService service;
  const auto key = service.key();
  for (const auto& sent : {key, "key=" + key, "a-" + key + "-b", key + key}) {
    const auto seen = service.send(Method::get, "/inbox", key, {}, {{"X-Request-ID", sent}});
    EXPECT_TRUE(event::EventId::parse(seen.header("X-Request-ID"))) << sent;
  }
}

TEST(ApiTest, EveryAnswerHasARequestIdOfItsOwn) {
  TestService service;
  const auto key = service.key();
  std::string last;
  for (const auto& target : {"/", "/status", "/docs", "/openapi.json", "/inbox", "/nothing", "/events/x"}) {
    const auto id = service.send(Method::get, target, key).header("X-Request-ID");
    EXPECT_FALSE(id.empty()) << target;
    EXPECT_NE(id, last);
    last = id;
  }
}

TEST(ApiTest, AWrongMethodIs405WithAllow) {
  TestService service;
  const auto seen = service.send(Method::put, "/events");
  EXPECT_EQ(seen.status(), 405U);
  EXPECT_EQ(seen.code(), "METHOD_NOT_ALLOWED");
  EXPECT_EQ(seen.header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(service.send(Method::get, "/nothing").status(), 404U);
}

TEST(ApiTest, OptionsNeedsNoKey) {
  TestService service;
  const auto seen = service.send(Method::options, "/events");
  EXPECT_EQ(seen.status(), 204U);
  EXPECT_EQ(seen.header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(service.send(Method::options, "*").status(), 204U);
  // Also where there is nothing, so that a script sees the 404 of what it asks for.
  EXPECT_EQ(service.send(Method::options, "/nothing").status(), 204U);
  EXPECT_EQ(service.send(Method::get, "/nothing").status(), 404U);
}

TEST(ApiTest, CorsAllowsOnlyConfiguredOrigins) {
  TestService off;
  const auto plain = off.send(Method::get, "/status", {}, {}, {{"Origin", "https://a.example"}});
  EXPECT_EQ(plain.header("Access-Control-Allow-Origin"), "");
  TestService on("cors-allow-origins", "https://a.example");
  const auto preflight = on.send(Method::options, "/events", {}, {},
                                 {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "https://a.example");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "POST, OPTIONS");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Headers"),
            "Authorization, Content-Type, Content-Encoding, Idempotency-Key, If-Match, Last-Event-ID, X-Request-ID");
  const auto stranger = on.send(Method::options, "/events", {}, {},
                                {{"Origin", "https://b.example"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(stranger.header("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(stranger.header("Access-Control-Allow-Methods"), "");
  EXPECT_EQ(stranger.header("Vary"), "Origin");
}

TEST(ApiTest, WhatTheServerRefusesHasTheSameForm) {
  TestService service;
  http::Request request;
  request.target = "/events";
  request.headers.add("X-Request-ID", "mine");
  const Seen seen{
      service.api->protocol_error({http::ProtocolProblem::body_too_large, "The body is too large.", 10, 11}, request)};
  EXPECT_EQ(seen.status(), 413U);
  EXPECT_EQ(seen.code(), "PAYLOAD_TOO_LARGE");
  EXPECT_EQ(seen.text("correlation_id"), "mine");
  const Seen failed{service.api->internal_error(request)};
  EXPECT_EQ(failed.status(), 500U);
  EXPECT_EQ(failed.header("X-Request-ID"), "mine");
}

TEST(ApiTest, OnlyABatchMayHaveABatchsSize) {
  TestService service;
  const auto& config = service.config;
  for (const auto* target : {"/events/batch", "/events/batch/", "/events/batch?x=1"}) {
    EXPECT_EQ(body_bytes_max(config, Method::post, target), 5'242'880U) << target;
  }
  EXPECT_EQ(body_bytes_max(config, Method::get, "/events/batch"), 524'288U);
  for (const auto* target : {"/events", "/events/batch/x", "/events/batchx", "/inbox/ack", "*", ""}) {
    EXPECT_EQ(body_bytes_max(config, Method::post, target), 524'288U) << target;
  }
}

TEST(ApiTest, AnErrorIsPrintableWhateverItQuotes) {
  TestService service;
  const auto admin = service.key(auth::Role::admin);
  const std::string name = std::string(63, 'a') + "\xC3\xA9";  // Cut after 64 bytes it would be half a character.
  const std::string twice = "{\"" + name + "\":1,\"" + name + "\":1}";
  const std::vector<Asked> asked = {{Method::get, "/admin/keys/\xFF\xFE", ""},
                                    {Method::get, "/inbox?" + name + "=1", ""},
                                    {Method::post, "/inbox/ack", "{\"" + name + "\":1}"},
                                    {Method::post, "/inbox/ack", twice},
                                    {Method::post, "/admin/keys", twice}};
  for (const auto& [method, target, body] : asked) {
    const auto seen = service.send(method, target, admin, body);
    EXPECT_TRUE(seen.status() == 400U || seen.status() == 404U) << target;
    EXPECT_TRUE(auth::is_utf8(seen.response.body)) << seen.response.body;
  }
}

TEST(ApiTest, UnreadResponsesHaveACommonLimit) {
  TestService service("max-answers-size-bytes", "1048576");
  const auto others_key = service.key(auth::Role::creator, {}, "other");
  const auto key = service.key();
  const std::string text(250'000, 'x');
  std::string id;
  for (int i = 0; i < 3; ++i)
    id = service.post(key, "t", R"({"text":")" + text + std::to_string(i) + "\"}").text("event_id");
  const std::string others = service.post(others_key, "t", R"({"text":")" + text + "\"}").text("event_id");
  {
    const Seen page = service.send(Method::get, "/inbox", key);
    EXPECT_EQ(page.status(), 200U);
    EXPECT_GT(service.answers.bytes(), 3 * text.size());
    const Seen event = service.send(Method::get, "/events/" + others, others_key);
    EXPECT_EQ(event.status(), 200U) << "another tenant's share is left";
    for (const std::string& target : {std::string{"/inbox"}, "/events/" + id}) {
      const Seen refused = service.send(Method::get, target, key);
      EXPECT_EQ(refused.status(), 503U);
      EXPECT_EQ(refused.detail("reason"), "overloaded");
      EXPECT_EQ(refused.header("Retry-After"), "1");
    }
    EXPECT_EQ(service.answers.refused(), 2U);
    const Seen small = service.post(key, "small", "{}");
    EXPECT_EQ(small.status(), 201U);
    EXPECT_EQ(service.send(Method::get, "/events/" + small.text("event_id"), key).status(), 200U);
    EXPECT_EQ(service.send(Method::get, "/inbox?event_type=small", key).status(), 200U);
  }
  EXPECT_EQ(service.answers.bytes(), 0U);
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);
}

TEST(ApiTest, RequestsAndRefusalsAreCounted) {
  TestService service;
  const auto key = service.key();
  service.post(key, "t", "{}");
  service.send(Method::get, "/nothing");
  service.send(Method::get, "/nothing2");
  const auto text = service.send(Method::get, "/metrics", service.key(auth::Role::admin)).response.body;
  const auto has = [&](std::string_view line) { return text.find(line) != std::string::npos; };
  EXPECT_TRUE(has(R"(triggers_http_requests_total{method="POST",route="/events",status="201"} 1)"));
  EXPECT_TRUE(has(R"(triggers_http_requests_total{method="GET",route="none",status="404"} 2)"));
  EXPECT_TRUE(has(R"(triggers_refusals_total{reason="NOT_FOUND"} 2)"));
}

TEST(ApiTest, MetricsAreLocalUnlessConfigured) {
  TestService loopback;
  EXPECT_EQ(loopback.send_from("127.0.0.1", "/metrics", {}).status(), 200U);
  EXPECT_EQ(loopback.send_from("::1", "/metrics", {}).status(), 200U);
  EXPECT_EQ(loopback.send_from("10.0.0.1", "/metrics", {}).status(), 401U);
  EXPECT_EQ(loopback.send_from("10.0.0.1", "/metrics", loopback.key()).status(), 403U);
  TestService with_key("metrics-access", "key");
  EXPECT_EQ(with_key.send_from("127.0.0.1", "/metrics", {}).status(), 401U);
  EXPECT_EQ(with_key.send_from("127.0.0.1", "/metrics", with_key.key(auth::Role::admin)).status(), 200U);
  TestService open("metrics-access", "open");
  EXPECT_EQ(open.send_from("10.0.0.1", "/metrics", {}).status(), 200U);
}

/// Whether readers see the part of the page that names tenants.
class TenantsPart : public TestService {
 public:
  explicit TenantsPart(const std::string& access) : TestService("metrics-access", access) {
    registry.counter("triggers_of_all_total", "For every reader.").add();
    registry.scraper().add_tenants_part([] { return std::string("triggers_of_inbox{user_id=\"other\"} 1\n"); });
  }
  bool is_shown(const std::string& address, std::string_view api_key = {}) {
    return is_in(send_from(address, "/metrics", api_key));
  }
  static bool is_in(const Seen& seen) {
    EXPECT_EQ(seen.status(), 200U);
    EXPECT_NE(seen.response.body.find("triggers_of_all_total 1\n"), std::string::npos);
    return seen.response.body.find("triggers_of_inbox") != std::string::npos;
  }
  std::string key_of_all_tenants() {
    const std::string secret = key(auth::Role::admin);
    const auto all = [](auth::KeyRecord& changed) -> Status {
      changed.all_tenants = true;
      return Done{};
    };
    EXPECT_TRUE(sync_wait(store->update_key(record.key_id, all)));
    return secret;
  }
};

TEST(ApiTest, MetricsNameTenantsOnlyToReadersWhoMayKnowOfAllTenants) {
  TenantsPart loopback("loopback"), with_key("key"), open("open");
  EXPECT_TRUE(loopback.is_shown("127.0.0.1"));
  EXPECT_FALSE(loopback.is_shown("10.0.0.1", loopback.key(auth::Role::admin)));
  EXPECT_TRUE(loopback.is_shown("10.0.0.1", loopback.key_of_all_tenants()));
  EXPECT_FALSE(with_key.is_shown("127.0.0.1", with_key.key(auth::Role::admin)));
  EXPECT_TRUE(with_key.is_shown("127.0.0.1", with_key.key_of_all_tenants()));
  EXPECT_TRUE(TenantsPart::is_in(with_key.send_as_operator(Method::get, "/metrics")));
  EXPECT_FALSE(open.is_shown("127.0.0.1")) << "a proxy on this machine may have sent it for anybody";
  EXPECT_FALSE(open.is_shown("10.0.0.1"));
}

}  // namespace
}  // namespace triggers::api
