#include <gtest/gtest.h>

#include <string>

#include "auth/key.h"
#include "base/timestamp.h"

namespace triggers::auth {
namespace {

KeyRecord full_record() {
  KeyRecord record;
  record.key_id = "key_0190a5c0-0000-7000-8000-000000000000";
  record.revision = 18'446'744'073'709'551'615U;
  record.user_id = "acme \"\xE2\x82\xAC\"";
  record.user_email = "ops@acme.example";
  record.role = Role::admin;
  record.all_tenants = true;
  record.rate_limit_per_minute = 12'345;
  record.event_types = {"a", "b.*"};
  record.expires_at = parse_timestamp("2030-01-01T00:00:00.001Z");
  record.status = KeyStatus::inactive;
  record.description = "said \\ \"hello\"";
  record.created_at = *parse_timestamp("2026-01-01T00:00:00.123Z");
  record.updated_at = *parse_timestamp("0000-01-01T00:00:00Z");
  record.last_used_at = parse_timestamp("9999-12-31T23:59:59.999Z");
  record.secrets = {{hash_key("a"), std::nullopt}, {hash_key("b"), parse_timestamp("2026-02-01T00:00:00Z")}};
  return record;
}

KeyRecord minimal_record() {
  KeyRecord record;
  record.key_id = std::string("key_1");
  record.user_id = std::string("u");
  record.rate_limit_per_minute.reset();
  return record;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  if (at != std::string::npos) text.replace(at, what.size(), by);
  return text;
}

KeyRecord bound_record() {
  KeyRecord record = full_record();
  record.inboxes = {"billing", "crm.2"};
  return record;
}

TEST(KeyRecordCodec, DecodesWhatWasEncoded) {
  for (const auto& record : {full_record(), minimal_record(), bound_record()}) {
    const auto decoded = decode(encode(record));
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, record);
  }
}

TEST(KeyRecordCodec, StoredFormIsStable) {
  EXPECT_EQ(
      encode(minimal_record()),
      R"({"v":1,"key_id":"key_1","revision":1,"user_id":"u","user_email":"","role":"creator","all_tenants":false,)"
      R"("rate_limit_per_minute":null,"event_types":[],"expires_at":null,"status":"active","description":"",)"
      R"("created_at":"1970-01-01T00:00:00.000Z","updated_at":"1970-01-01T00:00:00.000Z","last_used_at":null,)"
      R"("secrets":[]})");
}

TEST(KeyRecordCodec, OnlyAKeyWithInboxesHasTheSecondVersion) {
  KeyRecord record = minimal_record();
  const std::string without = encode(record);
  record.inboxes = {"crm"};
  const std::string with =
      replaced(replaced(without, R"("v":1)", R"("v":2)"), R"("secrets":[])", R"("secrets":[],"inboxes":["crm"])");
  EXPECT_EQ(encode(record), with);
  EXPECT_FALSE(decode(replaced(with, R"("v":2)", R"("v":1)")));
  EXPECT_FALSE(decode(replaced(without, R"("v":1)", R"("v":2)")));
  EXPECT_FALSE(decode(replaced(with, R"("crm")", "1")));
  EXPECT_FALSE(decode(replaced(with, R"("crm")", R"("-crm")")));
}

TEST(KeyRecordCodec, UnknownVersionSaysSo) {
  const auto decoded = decode(replaced(encode(full_record()), R"("v":1)", R"("v":3)"));
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.error().message.find("version is 3 and this program reads versions 1 and 2"), std::string::npos)
      << decoded.error().message;
}

TEST(KeyRecordCodec, HostileBytesAreRefused) {
  const auto good = encode(full_record());
  const std::string cases[] = {
      "",
      "null",
      "[]",
      "{}",
      "not json",
      good + "x",
      good.substr(0, good.size() / 2),
      std::string(2'000'000, '['),
      std::string(1000, '['),
      replaced(good, R"("v":1,)", ""),
      replaced(good, R"("v":1,)", R"("v":-1,)"),
      replaced(good, R"("v":1,)", R"("v":1.0,)"),
      replaced(good, R"("v":1,)", R"("v":1,"later":true,)"),
      replaced(good, "12345", "0"),
      replaced(good, "12345", "-1"),
      replaced(good, "12345", "4294967297"),
      replaced(good, "12345", "1e3"),
      replaced(good, "12345", "\"unlimited\""),
      replaced(good, R"("admin")", R"("root")"),
      replaced(good, R"("admin")", R"("creator")"),
      replaced(good, R"("inactive")", R"("asleep")"),
      replaced(good, R"("all_tenants":true)", R"("all_tenants":1)"),
      replaced(good, R"("2030-01-01T00:00:00.001Z")", R"("tomorrow")"),
      replaced(good, R"("2030-01-01T00:00:00.001Z")", R"("9999-12-31T23:59:59-01:00")"),
      replaced(good, R"("2026-01-01T00:00:00.123Z")", "null"),
      replaced(good, R"("2026-01-01T00:00:00.123Z")", R"("0000-01-01T00:00:00+01:00")"),
      replaced(good, R"(["a",)", R"([1,)"),
      replaced(good, R"(["a",)", R"(["",)"),
      replaced(good, R"("sha256":")", R"("sha256":"00)"),
      replaced(good, R"("sha256":")", R"("sha256":"zz)"),
      replaced(good, R"("sha256":")", R"("md5":")"),
      replaced(good, R"("secrets":[)", R"("secrets":[7,)"),
      replaced(good, "acme ", "\xFF"),
      replaced(good, "acme ", "\\u0000"),
      replaced(good, "ops@acme", "ops"),
  };
  for (const auto& bytes : cases) {
    const auto decoded = decode(bytes);
    ASSERT_FALSE(decoded.ok()) << bytes.substr(0, 400);
    EXPECT_EQ(decoded.error().code, ErrorCode::internal);
    EXPECT_FALSE(decoded.error().message.empty());
  }
}

}  // namespace
}  // namespace triggers::auth
