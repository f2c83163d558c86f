#include "auth/authorize.h"

#include <gtest/gtest.h>

#include <chrono>

#include "auth/test_key_record.h"

namespace triggers::auth {
namespace {

UnixMillis at(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

TEST(DenialOf, ActiveKeyWithItsSecretMayBeUsed) {
  EXPECT_EQ(denial_of(good_record(), hash_key("current"), at(0)), Denial::none);
}

TEST(DenialOf, StatusComesFirst) {
  auto record = good_record();
  record.expires_at = at(0);
  record.status = KeyStatus::revoked;
  EXPECT_EQ(denial_of(record, hash_key("current"), at(10)), Denial::revoked);
  record.status = KeyStatus::inactive;
  EXPECT_EQ(denial_of(record, hash_key("current"), at(10)), Denial::inactive);
  record.status = KeyStatus::active;
  EXPECT_EQ(denial_of(record, hash_key("current"), at(10)), Denial::expired);
}

TEST(DenialOf, KeyExpiresAtTheInstantAndNotBefore) {
  auto record = good_record();
  record.expires_at = at(1000);
  EXPECT_EQ(denial_of(record, hash_key("current"), at(999)), Denial::none);
  EXPECT_EQ(denial_of(record, hash_key("current"), at(1000)), Denial::expired);
}

TEST(DenialOf, RotatedSecretLivesThroughItsGraceOnly) {
  auto record = good_record();
  record.secrets.push_back({hash_key("old"), at(1000)});
  EXPECT_EQ(denial_of(record, hash_key("old"), at(999)), Denial::none);
  EXPECT_EQ(denial_of(record, hash_key("old"), at(1000)), Denial::secret_expired);
  EXPECT_EQ(denial_of(record, hash_key("current"), at(1000)), Denial::none);
  EXPECT_EQ(denial_of(record, hash_key("never given"), at(0)), Denial::secret_expired);
}

TEST(Allows, EachRoleAllowsItsActions) {
  for (const auto role : {Role::viewer, Role::creator, Role::admin}) {
    EXPECT_TRUE(allows(role, Action::read));
    EXPECT_EQ(allows(role, Action::send), role != Role::viewer);
    EXPECT_EQ(allows(role, Action::consume), role != Role::viewer);
    EXPECT_EQ(allows(role, Action::manage_inboxes), role == Role::admin);
    EXPECT_EQ(allows(role, Action::manage_keys), role == Role::admin);
  }
}

TEST(MaySendType, EmptyListAllowsAll) { EXPECT_TRUE(may_send_type(good_record(), "anything")); }

TEST(MaySendType, ExactOrByPrefix) {
  auto record = good_record();
  record.event_types = {"user.created", "order.*"};
  EXPECT_TRUE(may_send_type(record, "user.created"));
  EXPECT_FALSE(may_send_type(record, "user.created.v2"));
  EXPECT_FALSE(may_send_type(record, "User.created"));
  EXPECT_TRUE(may_send_type(record, "order."));
  EXPECT_TRUE(may_send_type(record, "order.paid"));
  EXPECT_FALSE(may_send_type(record, "order"));
  record.event_types = {"a*b"};
  EXPECT_TRUE(may_send_type(record, "a*b"));
  EXPECT_FALSE(may_send_type(record, "axb"));
  record.event_types = {"*"};
  EXPECT_TRUE(may_send_type(record, "axb"));
}

TEST(MayUseInbox, EmptyListAllowsAllAndAnotherExactlyItsNames) {
  auto record = good_record();
  EXPECT_TRUE(may_use_inbox(record, "default"));
  record.inboxes = {"billing", "crm"};
  EXPECT_TRUE(may_use_inbox(record, "crm"));
  for (const auto* name : {"default", "Billing", "bill", "billing2", ""}) {
    EXPECT_FALSE(may_use_inbox(record, name)) << name;
  }
}

}  // namespace
}  // namespace triggers::auth
