#include "api/admission/admit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "api/exchange/client_address.h"
#include "api/test_service.h"
#include "auth/authorize.h"
#include "base/test_at_once.h"
#include "base/yield.h"

namespace triggers::api {
namespace {

using http::Method;

constexpr std::string_view an_id = "0190a5c0-1234-7abc-8def-0123456789ab";
const std::string event = R"({"event_type":"order.paid","payload":{"n":1}})";

struct Asked {
  Method method;
  std::string target;
  std::string body;
  auth::Action action;
};

std::vector<Asked> everything_with_a_key() {
  using auth::Action;
  const std::string id{an_id};
  return {{Method::post, "/events", event, Action::send},
          {Method::post, "/events/batch", "[" + event + "]", Action::send},
          {Method::get, "/inbox", "", Action::read},
          {Method::get, "/events/inbox", "", Action::read},
          {Method::get, "/events/" + id, "", Action::read},
          {Method::get, "/inbox/" + id, "", Action::read},
          {Method::del, "/events/" + id, "", Action::consume},
          {Method::del, "/inbox/" + id, "", Action::consume},
          {Method::post, "/inbox/ack", R"({"event_ids":["x"]})", Action::consume},
          {Method::get, "/inboxes", "", Action::read},
          {Method::post, "/inboxes/test-filter", "{}", Action::read},
          {Method::get, "/inboxes/crm", "", Action::read},
          {Method::put, "/inboxes/crm", "{}", Action::manage_inboxes},
          {Method::patch, "/inboxes/crm", R"({"collect":true})", Action::manage_inboxes},
          {Method::del, "/inboxes/none", "", Action::manage_inboxes},
          {Method::get, "/inboxes/crm/events", "", Action::read},
          {Method::post, "/inboxes/crm/lease", "{}", Action::consume},
          {Method::post, "/inboxes/crm/ack", R"({"event_ids":["x"]})", Action::consume},
          {Method::post, "/inboxes/crm/release", "{}", Action::consume},
          {Method::post, "/inboxes/crm/extend", "{}", Action::consume},
          {Method::post, "/inboxes/crm/requeue", R"({"all":true})", Action::consume},
          {Method::post, "/inboxes/crm/discard", R"({"all":true})", Action::consume},
          {Method::post, "/inboxes/crm/purge", "", Action::consume},
          {Method::post, "/inboxes/crm/replay", "{}", Action::consume},
          {Method::get, "/inboxes/crm/jobs/" + id, "", Action::read},
          {Method::get, "/admin/keys", "", Action::manage_keys},
          {Method::post, "/admin/keys", R"({"role":"viewer"})", Action::manage_keys},
          {Method::get, "/admin/keys/k", "", Action::manage_keys},
          {Method::patch, "/admin/keys/k", R"({"description":"d"})", Action::manage_keys},
          {Method::del, "/admin/keys/k", "", Action::manage_keys},
          {Method::post, "/admin/keys/k/rotate", "", Action::manage_keys}};
}

TEST(AdmitTest, RequestWithoutAKeyLearnsNothing) {
  TestService service("auth-failures-per-minute", "0");
  for (const auto& asked : everything_with_a_key()) {
    // The body is bad too, but the key is checked first.
    for (const auto& body : {asked.body, std::string{"{"}}) {
      const auto seen = service.send(asked.method, asked.target, {}, body);
      EXPECT_EQ(seen.status(), 401U) << asked.target;
      EXPECT_EQ(seen.code(), "UNAUTHORIZED");
      EXPECT_EQ(seen.header("WWW-Authenticate"), "Bearer");
      EXPECT_EQ(seen.header("RateLimit"), "");
    }
  }
}

TEST(AdmitTest, AnythingButOneBearerTokenIsUnauthorized) {
  TestService service("auth-failures-per-minute", "0");
  const auto key = service.key();
  const std::string good = "Bearer " + key;
  for (const auto& field :
       std::vector<std::string>{key, "Basic " + key, "Bearer", "Bearer ", good + " x", good + ",", good + "x",
                                "Bearer\t" + key, "Bearer " + key.substr(1), good + std::string(1, '\0')}) {
    EXPECT_EQ(service.send(Method::get, "/inbox", {}, {}, {{"Authorization", field}}).status(), 401U) << field;
  }
  EXPECT_EQ(service.send(Method::get, "/inbox", key, {}, {{"Authorization", good}}).status(), 401U);
  EXPECT_EQ(service.send(Method::get, "/inbox", {}, {}, {{"authorization", "bEARER   " + key}}).status(), 200U);
}

TEST(AdmitTest, ARoleMayDoWhatItAllowsAndNothingElse) {
  for (const auto role : {auth::Role::viewer, auth::Role::creator, auth::Role::admin}) {
    TestService service;
    const auto key = service.key(role);
    for (const auto& asked : everything_with_a_key()) {
      const auto seen = service.send(asked.method, asked.target, key, asked.body);
      EXPECT_EQ(seen.status() == 403, !auth::allows(role, asked.action))
          << asked.target << ' ' << auth::role_name(role);
      EXPECT_EQ(seen.detail("reason") == "role", seen.status() == 403U);
    }
  }
}

TEST(AdmitTest, ARequestThatItsRoleForbidsStillCostsAToken) {
  TestService service;
  const auto key = service.key(auth::Role::viewer, 2);
  EXPECT_EQ(service.post(key, "a", "{}").status(), 403U);
  EXPECT_EQ(service.post(key, "a", "{}").status(), 403U);
  EXPECT_EQ(service.post(key, "a", "{}").status(), 429U);
}

TEST(AdmitTest, TheRateIsCheckedBeforeTheBody) {
  TestService service;
  const auto key = service.key(auth::Role::creator, 1);
  EXPECT_EQ(service.post(key, "a", "{}").status(), 201U);
  EXPECT_EQ(service.post(key, "a", "broken").status(), 429U);
}

TEST(AdmitTest, TheHeadersOfARateAreExact) {
  TestService service;
  const auto key = service.key(auth::Role::creator, 60);
  auto seen = service.send(Method::get, "/inbox", key);
  EXPECT_EQ(seen.header("RateLimit-Policy"), R"("default";q=60;w=60)");
  EXPECT_EQ(seen.header("RateLimit"), R"("default";r=59;t=1)");
  EXPECT_EQ(seen.header("Retry-After"), "");
  for (int i = 0; i < 59; ++i) EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);

  seen = service.send(Method::get, "/inbox", key);
  EXPECT_EQ(seen.status(), 429U);
  EXPECT_EQ(seen.code(), "RATE_LIMIT_EXCEEDED");
  EXPECT_EQ(seen.header("Retry-After"), "1");
  EXPECT_EQ(seen.header("RateLimit"), R"("default";r=0;t=60)");
  EXPECT_EQ(seen.detail("limit_per_minute"), "60");
  EXPECT_EQ(seen.detail("retry_after_ms"), "1000");

  service.clock.advance(std::chrono::milliseconds{999});
  seen = service.send(Method::get, "/inbox", key);
  EXPECT_EQ(seen.status(), 429U);
  EXPECT_EQ(seen.detail("retry_after_ms"), "1");
  service.clock.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 429U);
}

TEST(AdmitTest, AWallClockThatJumpsChangesNoRate) {
  TestService service;
  const auto key = service.key(auth::Role::creator, 1);
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);
  service.clock.jump(std::chrono::hours{5});
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 429U);
  service.clock.jump(std::chrono::hours{-50});
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 429U);
}

TEST(AdmitTest, AnUnlimitedKeyHasNoRateFields) {
  TestService service;
  const auto key = service.key();
  for (int i = 0; i < 500; ++i) EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);
  EXPECT_EQ(service.send(Method::get, "/inbox", key).header("RateLimit"), "");
}

TEST(AdmitTest, ARevokedKeyIsRefusedAtTheNextRequest) {
  TestService service;
  const auto key = service.key();
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);
  EXPECT_EQ(service.send_as_operator(Method::del, "/admin/keys/" + service.record.key_id).status(), 200U);
  const auto seen = service.send(Method::get, "/inbox", key);
  EXPECT_EQ(seen.status(), 403U);
  EXPECT_EQ(seen.code(), "FORBIDDEN");
  EXPECT_EQ(seen.detail("reason"), "revoked");
}

TEST(AdmitTest, AnInactiveKeyIsRefusedUntilItIsActiveAgain) {
  TestService service;
  const auto key = service.key();
  const std::string path = "/admin/keys/" + service.record.key_id;
  EXPECT_EQ(service.send_as_operator(Method::patch, path, R"({"status":"inactive"})").status(), 200U);
  EXPECT_EQ(service.send(Method::get, "/inbox", key).detail("reason"), "inactive");
  EXPECT_EQ(service.send_as_operator(Method::patch, path, R"({"status":"active"})").status(), 200U);
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);
}

TEST(AdmitTest, ARotatedSecretEndsWithItsGrace) {
  TestService service;
  const auto old_key = service.key();
  const std::string path = "/admin/keys/" + service.record.key_id + "/rotate";
  const auto rotated = service.send_as_operator(Method::post, path, R"({"grace_seconds":60})");
  ASSERT_EQ(rotated.status(), 200U);
  const auto new_key = rotated.text("api_key");
  service.clock.advance(std::chrono::milliseconds{59'999});
  EXPECT_EQ(service.send(Method::get, "/inbox", old_key).status(), 200U);
  EXPECT_EQ(service.send(Method::get, "/inbox", new_key).status(), 200U);
  service.clock.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(service.send(Method::get, "/inbox", old_key).detail("reason"), "secret_expired");
  EXPECT_EQ(service.send(Method::get, "/inbox", new_key).status(), 200U);
}

TEST(AdmitTest, AKeyExpiresAtItsTime) {
  TestService service;
  const auto key = service.key();
  const std::string path = "/admin/keys/" + service.record.key_id;
  // The test's clock starts at 2023-11-14T22:13:20Z.
  const auto seen = service.send_as_operator(Method::patch, path, R"({"expires_at":"2023-11-14T22:13:21Z"})");
  ASSERT_EQ(seen.status(), 200U) << seen.response.body;
  EXPECT_EQ(service.send(Method::get, "/inbox", key).status(), 200U);
  service.clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(service.send(Method::get, "/inbox", key).detail("reason"), "expired");
}

TEST(AdmitTest, FailedAuthenticationsAreLimitedByAddressAndHarmNobodyElse) {
  TestService service("auth-failures-per-minute", "3");
  const auto key = service.key();
  EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", key).status(), 200U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", "wrong").status(), 401U);
  const auto seen = service.send_from("192.0.2.9", "/inbox", "wrong");
  EXPECT_EQ(seen.status(), 429U);
  EXPECT_EQ(seen.detail("reason"), "authentication_failures");
  EXPECT_EQ(seen.header("Retry-After"), "20");
  EXPECT_EQ(service.send_from("192.0.2.10", "/inbox", "wrong").status(), 401U);
  EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", key).status(), 200U);
  service.clock.advance(std::chrono::seconds{20});
  EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", "wrong").status(), 401U);
  EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", "wrong").status(), 429U);
}

TEST(AdmitTest, AddressThatFailedTooOftenReadsNothingFromTheStore) {
  TestService service("auth-failures-per-minute", "3");
  const auto good = service.key();
  for (int i = 0; i < 20; ++i) {
    const auto seen = service.send_from("192.0.2.9", "/inbox", "wrong" + std::to_string(i));
    EXPECT_EQ(seen.status(), i < 3 ? 401U : 429U);
  }
  EXPECT_EQ(service.keys_read(), 3U);
  // A good key that this node has not seen yet waits as well: only the store could tell that it is good.
  EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", good).status(), 429U);
  EXPECT_EQ(service.keys_read(), 3U);
  EXPECT_EQ(service.send_from("192.0.2.10", "/inbox", good).status(), 200U);
  EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", good).status(), 200U) << "now it is known";
}

TEST(AdmitTest, ConcurrentRequestsWithANewKeyShareOneRead) {
  for (const bool good : {true, false}) {
    TestService service("auth-failures-per-minute", "3");
    service.watched_keys.slow = true;  // The others come while the first reads.
    http::Request request;
    request.target = "/inbox";
    request.peer.address = "192.0.2.9";
    request.headers.add("Authorization", "Bearer " + (good ? service.key() : std::string{"wrong"}));
    std::vector<unsigned> statuses;
    at_once(60, [&](std::size_t) -> Task<void> {
      const auto response = co_await service.api->handle(request);
      statuses.push_back(response.status);
    });
    EXPECT_EQ(std::ranges::count(statuses, 200U), good ? 60 : 0);
    EXPECT_EQ(std::ranges::count(statuses, 401U), good ? 0 : 3);
    EXPECT_EQ(service.keys_read(), 1U);
  }
}

using AddressOf = std::function<std::string(std::size_t number)>;

std::string one_address(std::size_t) { return "192.0.2.9"; }

/// The statuses of requests that come at once with these keys, by default from one address.
std::vector<unsigned> statuses_at_once(TestService& service, const std::vector<std::string>& keys,
                                       const AddressOf& address = one_address) {
  service.watched_keys.slow = true;  // All come before the first is read.
  std::vector<unsigned> statuses;
  at_once(keys.size(), [&](std::size_t number) -> Task<void> {
    http::Request request;
    request.target = "/inbox";
    request.peer.address = address(number);
    request.headers.add("Authorization", "Bearer " + keys[number]);
    const auto response = co_await service.api->handle(request);
    statuses.push_back(response.status);
  });
  return statuses;
}

TEST(AdmitTest, ManyGoodKeysAtOnceAfterARestartAreAllServed) {
  TestService service("auth-failures-per-minute", "3");
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) keys.push_back(service.key());
  EXPECT_EQ(std::ranges::count(statuses_at_once(service, keys), 200U), 40);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", "wrong").status(), i < 3 ? 401U : 429U);
  }
}

TEST(AdmitTest, ManyGoodKeysFromAddressesThatShareTheirFailuresAreAllServed) {
  const AddressOf one_network = [](std::size_t number) { return fmt::format("2001:db8:0:1::{:x}", number + 1); };
  const AddressOf one_ipv4_in_two_forms = [](std::size_t number) {
    return std::string{number % 2 == 0 ? "192.0.2.9" : "::ffff:192.0.2.9"};
  };
  const AddressOf no_address = [](std::size_t number) { return fmt::format("unknown{}", number); };
  for (const AddressOf& address : {one_network, one_ipv4_in_two_forms, no_address}) {
    TestService service("auth-failures-per-minute", "3");
    std::vector<std::string> keys;
    for (int i = 0; i < 40; ++i) keys.push_back(service.key());
    EXPECT_EQ(std::ranges::count(statuses_at_once(service, keys, address), 200U), 40) << address(0);
  }
}

TEST(AdmitTest, ManyUnknownKeysCauseNoMoreReadsThanTheAddressMayFail) {
  TestService service("auth-failures-per-minute", "3");
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) keys.push_back("wrong" + std::to_string(i));
  const auto statuses = statuses_at_once(service, keys);
  EXPECT_EQ(std::ranges::count(statuses, 401U), 3);
  EXPECT_EQ(std::ranges::count(statuses, 429U), 37);
  EXPECT_EQ(service.keys_read(), 3U);
}

TEST(AdmitTest, AWrongKeyAmongGoodOnesCostsOneFailureAndDelaysNone) {
  TestService service("auth-failures-per-minute", "3");
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) keys.push_back(i == 1 ? "wrong" : service.key());
  const auto statuses = statuses_at_once(service, keys);
  EXPECT_EQ(std::ranges::count(statuses, 200U), 39);
  EXPECT_EQ(std::ranges::count(statuses, 401U), 1);
}

TEST(AdmitTest, AKeyThatWaitedTooLongForSlowReadsIsAskedToComeBack) {
  TestService service("auth-failures-per-minute", "3");
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) keys.push_back(service.key());
  service.watched_keys.after_read = [&] { service.clock.advance(FirstReads::wait_max); };
  const auto statuses = statuses_at_once(service, keys);
  EXPECT_EQ(std::ranges::count(statuses, 200U), 3);
  EXPECT_EQ(std::ranges::count(statuses, 503U), 37);
  EXPECT_EQ(std::ranges::count(statuses_at_once(service, keys), 200U), 40);
}

TEST(AdmitTest, AddressesDoNotWaitForEachOther) {
  TestService service("auth-failures-per-minute", "1");
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) keys.push_back(service.key());
  service.watched_keys.slow = true;
  std::vector<std::size_t> order;
  at_once(keys.size(), [&](std::size_t number) -> Task<void> {
    http::Request request;
    request.target = "/inbox";
    request.peer.address = number + 1 < keys.size() ? "192.0.2.9" : "192.0.2.10";
    request.headers.add("Authorization", "Bearer " + keys[number]);
    const auto response = co_await service.api->handle(request);
    EXPECT_EQ(response.status, 200U);
    order.push_back(number);
  });
  const auto other = std::ranges::find(order, keys.size() - 1);
  EXPECT_LE(other - order.begin(), 1);
  // Requests of one address are served in the order of their arrival.
  order.erase(other);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(AdmitTest, ReadingAGoodKeyIsNoFailure) {
  TestService service("auth-failures-per-minute", "2");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", service.key()).status(), 200U);
  }
  EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", "wrong").status(), 401U);
}

TEST(AdmitTest, UnusableKeysAreLimitedByAddress) {
  for (const std::string change :
       {R"({"status":"revoked"})", R"({"status":"inactive"})", R"({"expires_at":"2023-11-14T22:13:21Z"})"}) {
    TestService service("auth-failures-per-minute", "3");
    const auto key = service.key();
    const std::string path = "/admin/keys/" + service.record.key_id;
    const auto seen = change.find("revoked") != std::string::npos
                          ? service.send_as_operator(Method::del, path)
                          : service.send_as_operator(Method::patch, path, change);
    ASSERT_EQ(seen.status(), 200U) << seen.response.body;
    service.clock.advance(std::chrono::minutes{1});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", key).status(), 403U) << change;
    EXPECT_EQ(service.send_from("192.0.2.9", "/inbox", key).status(), 429U) << change;
    EXPECT_EQ(service.send_from("192.0.2.10", "/inbox", key).status(), 403U) << change;
  }
}

/// A service whose keys have shared limits, with a shared bucket that answers slowly.
class SharedLimitTest : public testing::Test {
 protected:
  SharedLimitTest() {
    service.services.take_slice = [this](std::string, std::uint32_t per_minute,
                                         std::function<std::uint32_t()> wanted) -> Task<Result<limit::Grant>> {
      ++asked;
      co_await yield();  // Others come meanwhile.
      service.clock.advance(read_time);
      if (silent) co_return Error{ErrorCode::unavailable, "silent"};
      limit::Grant grant;
      grant.taken_at = service.clock.steady();
      grant.tokens = std::min(wanted(), tokens_max);
      given += grant.tokens;
      grant.bucket.limit = per_minute;
      co_await yield();
      service.clock.advance(write_time);
      co_return grant;
    };
  }

  /// The statuses of so many requests at once.
  std::vector<unsigned> send(std::size_t count) {
    std::vector<unsigned> statuses;
    http::Request request;
    request.target = "/inbox";
    request.headers.add("Authorization", "Bearer " + key);
    at_once(count, [&](std::size_t) -> Task<void> {
      const auto response = co_await service.api->handle(request);
      statuses.push_back(response.status);
    });
    return statuses;
  }

  TestService service;
  std::string key = service.key(auth::Role::viewer, 100);
  std::chrono::milliseconds read_time{0}, write_time{0};
  std::uint32_t asked = 0, given = 0, tokens_max = 1'000;
  bool silent = false;
};

TEST_F(SharedLimitTest, OneCallTakesTheSliceForAllConcurrentRequests) {
  EXPECT_EQ(send(20), std::vector<unsigned>(20, 200));
  EXPECT_LE(asked, 2U);
  EXPECT_EQ(given, 20U);
}

TEST_F(SharedLimitTest, SlowBucketIsAskedNoMoreOften) {
  read_time = write_time = std::chrono::milliseconds{1'100};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(100), std::vector<unsigned>(100, 200));
  EXPECT_LE(asked, 6U);
}

TEST_F(SharedLimitTest, UnresponsiveBucketIsAskedOnceForAllRequests) {
  silent = true;
  EXPECT_EQ(send(20), std::vector<unsigned>(20, 503));
  EXPECT_EQ(asked, 1U);
}

TEST_F(SharedLimitTest, WaitForASliceEnds) {
  read_time = std::chrono::seconds{2};
  tokens_max = 1;
  const auto statuses = send(20);
  EXPECT_EQ(asked, 3U);
  EXPECT_EQ(std::ranges::count(statuses, 200U), 3);
  EXPECT_EQ(std::ranges::count(statuses, 503U), 17);
}

TEST(AdmitTest, AClientCannotForgeItsAddressByAForwardedField) {
  TestService service("trusted-proxies", "10.0.0.0/8");
  http::Request request;
  request.peer.address = "10.0.0.1";
  request.headers.add("X-Forwarded-For", "6.6.6.6");
  request.headers.add("x-forwarded-for", "203.0.113.9, 10.0.0.2");
  EXPECT_EQ(client_address(service.config.trusted_proxies, request), "203.0.113.9");
}

TEST(AdmitTest, AKeyMaySendItsOwnTypesOnly) {
  TestService service;
  const auto key = service.key();
  const std::string path = "/admin/keys/" + service.record.key_id;
  ASSERT_EQ(service.send_as_operator(Method::patch, path, R"({"event_types":["order.*"]})").status(), 200U);
  EXPECT_EQ(service.post(key, "order.paid", "{}").status(), 201U);
  const auto seen = service.post(key, "user.created", "{}");
  EXPECT_EQ(seen.status(), 403U);
  EXPECT_EQ(seen.detail("reason"), "event_type");
}

}  // namespace
}  // namespace triggers::api
