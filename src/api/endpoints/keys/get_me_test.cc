#include <gtest/gtest.h>

#include "api/test_service.h"

namespace triggers::api {
namespace {

using http::Method;

TEST(GetMeTest, ShowsTheKeysOwnerAndWhatIsLeftOfItsRate) {
  TestService service;
  const auto key = service.key(auth::Role::viewer, 100, "acme");
  const auto seen = service.send(Method::get, "/me", key);
  ASSERT_EQ(seen.status(), 200U);
  EXPECT_EQ(seen.text("key_id"), service.record.key_id);
  EXPECT_EQ(seen.text("user_id"), "acme");
  EXPECT_EQ(seen.text("role"), "viewer");
  EXPECT_EQ(seen.text("status"), "active");
  EXPECT_EQ(seen.text("rate_limit"), "100");
  EXPECT_EQ(seen.text("rate_limit_remaining"), "99");
  EXPECT_EQ(seen.text("rate_limit_reset_seconds"), "1");
  EXPECT_EQ(seen.json().at("limits").at("payload_bytes").to_number<int>(), 262'144);
  EXPECT_EQ(seen.json().at("limits").at("batch_events").to_number<int>(), 500);
  EXPECT_EQ(seen.header("Cache-Control"), "no-store");
  EXPECT_EQ(seen.response.body.find(key), std::string::npos);
}

TEST(GetMeTest, CostsOneTokenLikeAnyRequest) {
  TestService service;
  const auto key = service.key(auth::Role::creator, 2);
  EXPECT_EQ(service.send(Method::get, "/me", key).text("rate_limit_remaining"), "1");
  EXPECT_EQ(service.send(Method::get, "/me", key).text("rate_limit_remaining"), "0");
  const auto refused = service.send(Method::get, "/me", key);
  EXPECT_EQ(refused.status(), 429U);
  EXPECT_EQ(refused.detail("limit_per_minute"), "2");
}

TEST(GetMeTest, AnUnlimitedKeyShowsNoRate) {
  TestService service;
  const auto seen = service.send(Method::get, "/me", service.key(auth::Role::admin));
  EXPECT_EQ(seen.text("rate_limit"), "unlimited");
  EXPECT_EQ(seen.text("rate_limit_remaining"), "null");
  EXPECT_EQ(seen.text("rate_limit_reset_seconds"), "null");
}

TEST(GetMeTest, IsForKeysOnly) {
  TestService service;
  EXPECT_EQ(service.send(Method::get, "/me").status(), 401U);
  EXPECT_EQ(service.send(Method::get, "/me?_=1", service.key()).detail("field"), "query");
  EXPECT_EQ(service.send(Method::post, "/me", service.key()).status(), 405U);
}

}  // namespace
}  // namespace triggers::api
