// What a client gets when the store has no room: over the disk's reserve before its body is parsed, over a limit of its
// tenant after that. When a store has room is tested in tests/contract and tests/rocks.

#include <gtest/gtest.h>

#include "api/test_service.h"

namespace triggers::api {
namespace {

using http::Method;

const std::string an_event = R"({"event_type":"t","payload":{}})";

std::string event(int number) { return R"({"event_type":"t","payload":{"n":)" + std::to_string(number) + "}}"; }

TEST(StorageFullTest, WhatMakesTheStoreGrowIs507WhileTheDiskHasNoRoom) {
  TestService service;
  const auto creator = service.key();
  const auto admin = service.key(auth::Role::admin);
  service.store->set_has_room(false);
  struct {
    std::string target, key, body;
  } const rows[] = {{"/events", creator, an_event},
                    {"/events", creator, "not even JSON"},
                    {"/events/batch", creator, "[" + an_event + "]"},
                    {"/inboxes/default/replay", creator, R"({"since":"2026-01-01T00:00:00Z"})"},
                    {"/admin/keys", admin, R"({"role":"viewer"})"}};
  for (const auto& row : rows) {
    const auto seen = service.send(Method::post, row.target, row.key, row.body);
    EXPECT_EQ(seen.status(), 507U) << row.target;
    EXPECT_EQ(seen.code(), "STORAGE_FULL");
    EXPECT_EQ(seen.detail("limit"), "disk-reserve-bytes");
    EXPECT_EQ(seen.header("Retry-After"), "30");
    http::Request head;
    const auto admission = service.admit(head, Method::post, row.target, row.key);
    ASSERT_FALSE(admission.ok()) << row.target << " is refused after its body has arrived";
    EXPECT_EQ(admission.error().status, 507U);
  }
  EXPECT_EQ(service.post("wrong", "t", "{}").status(), 401U) << "a stranger learns how full the disk is";
  service.store->set_has_room(true);
  EXPECT_EQ(service.send(Method::post, "/events", creator, an_event).status(), 201U);
}

TEST(StorageFullTest, EverythingElseGoesOnWhileTheDiskHasNoRoom) {
  TestService service;
  const auto creator = service.key();
  const auto admin = service.key(auth::Role::admin);
  const auto id = service.post(creator, "t", "{}").text("event_id");
  service.post(creator, "t", R"({"n":2})");
  const std::string viewer_id = service.send(Method::post, "/admin/keys", admin, R"({"role":"viewer"})").text("key_id");
  service.store->set_has_room(false);
  EXPECT_EQ(service.send(Method::get, "/inbox", creator).status(), 200U);
  EXPECT_EQ(service.send(Method::post, "/inboxes/default/lease", creator, R"({"limit":1})").status(), 200U);
  EXPECT_EQ(service.send(Method::del, "/events/" + id, creator).status(), 204U);
  EXPECT_EQ(service.send(Method::post, "/inboxes/default/purge", creator).status(), 202U);
  EXPECT_EQ(service.send(Method::put, "/inboxes/crm", admin, R"({"retention_days":1})").status(), 201U);
  EXPECT_EQ(service.send(Method::del, "/inboxes/crm", admin).status(), 202U);
  EXPECT_EQ(service.send(Method::post, "/admin/keys/" + viewer_id + "/rotate", admin, "{}").status(), 200U);
  EXPECT_EQ(service.send(Method::del, "/admin/keys/" + viewer_id, admin).status(), 200U);
  EXPECT_EQ(service.send_as_operator(Method::post, "/admin/keys", R"({"user_id":"a","role":"viewer"})").status(), 201U);
}

/// A service whose tenants may have two undelivered events.
class TenantFullTest : public testing::Test {
 protected:
  TenantFullTest() : service("tenant-undelivered-max", "2"), key(service.key()) {}
  TestService service;
  std::string key;
};

TEST_F(TenantFullTest, RefusalNamesTheLimitAndWhatMakesRoom) {
  const auto first = service.send(Method::post, "/events", key, event(1)).text("event_id");
  EXPECT_EQ(service.send(Method::post, "/events", key, event(2)).status(), 201U);
  const auto seen = service.send(Method::post, "/events", key, event(3));
  EXPECT_EQ(seen.status(), 507U);
  EXPECT_EQ(seen.code(), "STORAGE_FULL");
  EXPECT_EQ(seen.detail("limit"), "tenant-undelivered-max");
  EXPECT_EQ(seen.detail("limit_events"), "2");
  EXPECT_EQ(seen.header("Retry-After"), "30");
  EXPECT_NE(seen.text("message").find("Acknowledge"), std::string::npos);
  const auto other = service.key(auth::Role::creator, {}, "else");
  EXPECT_EQ(service.send(Method::post, "/events", other, event(3)).status(), 201U);
  EXPECT_EQ(service.send(Method::del, "/events/" + first, key).status(), 204U);
  EXPECT_EQ(service.send(Method::post, "/events", key, event(3)).status(), 201U);
}

TEST_F(TenantFullTest, BatchThatFitsInPartHasAResultForEachEvent) {
  const auto seen =
      service.send(Method::post, "/events/batch", key, "[" + event(1) + "," + event(2) + "," + event(3) + "]");
  EXPECT_EQ(seen.status(), 200U);
  const auto body = seen.json();
  const auto& results = body.at("results").as_array();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[1].at("status").as_string(), "accepted");
  EXPECT_EQ(results[2].at("status").as_string(), "error");
  EXPECT_EQ(results[2].at("error_code").as_string(), "STORAGE_FULL");
  EXPECT_EQ(results[2].at("details").at("limit").as_string(), "tenant-undelivered-max");
  EXPECT_EQ(body.at("failed").as_int64(), 1);
}

TEST_F(TenantFullTest, BatchOfWhichNothingFitsIs507AsAWhole) {
  service.send(Method::post, "/events/batch", key, "[" + event(1) + "," + event(2) + "]");
  const auto full = service.send(Method::post, "/events/batch", key, "[" + event(3) + "," + event(4) + "]");
  EXPECT_EQ(full.status(), 507U);
  EXPECT_EQ(full.code(), "STORAGE_FULL");
  const auto repeated = service.send(Method::post, "/events/batch", key, "[" + event(1) + "," + event(4) + "]");
  EXPECT_EQ(repeated.status(), 200U) << "one of them is stored";
}

TEST(StorageFullTest, BytesAreNamedWithTheirLimit) {
  TestService service("tenant-bytes-max", "300");
  const auto key = service.key();
  const auto seen = service.post(key, "t", R"({"text":")" + std::string(50, 'x') + R"("})");
  EXPECT_EQ(seen.status(), 507U);
  EXPECT_EQ(seen.detail("limit"), "tenant-bytes-max");
  EXPECT_EQ(seen.detail("limit_bytes"), "300");
}

}  // namespace
}  // namespace triggers::api
