#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

#include "auth/authorize.h"
#include "auth/bearer.h"
#include "auth/key.h"
#include "auth/validate.h"
#include "base/encoding.h"

namespace triggers::auth {
namespace {

UnixMillis at(std::int64_t ms) { return UnixMillis{std::chrono::milliseconds{ms}}; }

KeyRecord good_record() {
  KeyRecord record;
  record.key_id = "key_0190a5c0-0000-7000-8000-000000000000";
  record.user_id = "acme";
  record.user_email = "ops@acme.example";
  record.secrets.push_back({hash_key("current"), std::nullopt});
  return record;
}

TEST(HashKey, IsSha256) {
  EXPECT_EQ(to_hex(hash_key("abc").view()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(hash_key("").view()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(HashKey, ThreadsDoNotDisturbEachOther) {
  const auto expected_a = hash_key("a"), expected_b = hash_key("b");
  const auto hash_often = [](std::string_view key, KeyHash expected) {
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(hash_key(key), expected);
  };
  std::thread a(hash_often, "a", expected_a), b(hash_often, "b", expected_b);
  a.join();
  b.join();
}

TEST(GenerateKey, Is64LettersAndDigitsAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto key = generate_key();
    ASSERT_EQ(key.size(), 64U);
    ASSERT_EQ(key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
              std::string::npos);
    ASSERT_TRUE(seen.insert(key).second);
  }
}

TEST(GenerateKey, FavoursNoCharacter) {
  // With `byte % 62` the first eight characters would come a quarter more often than the others.
  std::array<int, 256> count{};
  constexpr int keys = 4000;
  for (int i = 0; i < keys; ++i) {
    for (const char c : generate_key()) ++count[static_cast<unsigned char>(c)];
  }
  const double expected = keys * 64.0 / 62;
  for (int c = 0; c < 256; ++c) {
    if (count[static_cast<std::size_t>(c)] == 0) continue;
    EXPECT_NEAR(count[static_cast<std::size_t>(c)], expected, expected * 0.12) << static_cast<char>(c);
  }
}

TEST(Names, RoundTripAndUnknownOnesAreNothing) {
  for (const auto role : {Role::viewer, Role::creator, Role::admin}) EXPECT_EQ(parse_role(role_name(role)), role);
  for (const auto status : {KeyStatus::active, KeyStatus::inactive, KeyStatus::revoked}) {
    EXPECT_EQ(parse_status(status_name(status)), status);
  }
  for (const auto* text : {"", "Admin", "admin ", "root"}) EXPECT_FALSE(parse_role(text)) << text;
  EXPECT_FALSE(parse_status("deleted"));
}

TEST(Judge, ActiveKeyWithItsSecretMayBeUsed) {
  EXPECT_EQ(denial_of(good_record(), hash_key("current"), at(0)), Denial::none);
}

TEST(Judge, StatusComesFirst) {
  auto record = good_record();
  record.expires_at = at(0);
  record.status = KeyStatus::revoked;
  EXPECT_EQ(denial_of(record, hash_key("current"), at(10)), Denial::revoked);
  record.status = KeyStatus::inactive;
  EXPECT_EQ(denial_of(record, hash_key("current"), at(10)), Denial::inactive);
  record.status = KeyStatus::active;
  EXPECT_EQ(denial_of(record, hash_key("current"), at(10)), Denial::expired);
}

TEST(Judge, KeyExpiresAtTheInstantAndNotBefore) {
  auto record = good_record();
  record.expires_at = at(1000);
  EXPECT_EQ(denial_of(record, hash_key("current"), at(999)), Denial::none);
  EXPECT_EQ(denial_of(record, hash_key("current"), at(1000)), Denial::expired);
}

TEST(Judge, RotatedSecretLivesThroughItsGraceOnly) {
  auto record = good_record();
  record.secrets.push_back({hash_key("old"), at(1000)});
  EXPECT_EQ(denial_of(record, hash_key("old"), at(999)), Denial::none);
  EXPECT_EQ(denial_of(record, hash_key("old"), at(1000)), Denial::secret_expired);
  EXPECT_EQ(denial_of(record, hash_key("current"), at(1000)), Denial::none);
  EXPECT_EQ(denial_of(record, hash_key("never given"), at(0)), Denial::secret_expired);
}

TEST(Allows, EachRoleWhatItsNameSays) {
  for (const auto role : {Role::viewer, Role::creator, Role::admin}) {
    EXPECT_TRUE(allows(role, Action::read));
    EXPECT_EQ(allows(role, Action::send), role != Role::viewer);
    EXPECT_EQ(allows(role, Action::acknowledge), role != Role::viewer);
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

TEST(BearerToken, SchemeInAnyCaseThenOneToken) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bEARER   abc"), "abc");
  EXPECT_EQ(bearer_token("Bearer aZ09-._~+/=="), "aZ09-._~+/==");
}

TEST(BearerToken, AnythingElseIsNone) {
  for (const std::string_view text : {"", "Bearer", "Bearer ", "Bearer  ", "Bearerabc", "Basic abc", "Bearer a b",
                                      "Bearer abc ", "Bearer\tabc", " Bearer abc", "Bearer a,b", "Bearer =",
                                      "Bearer a=b", "Bearer \"abc\"", "Bearer \xC3\xA4", "Beare", "Bearer a\n"}) {
    EXPECT_FALSE(bearer_token(text)) << text;
  }
  EXPECT_FALSE(bearer_token(std::string_view("Bearer a\0b", 10)));
}

TEST(Validate, GoodRecordIsGood) { EXPECT_TRUE(validate(good_record())); }

TEST(Validate, NamesTheFieldThatIsWrong) {
  struct Case {
    const char* field;
    void (*spoil)(KeyRecord&);
  };
  const Case cases[] = {
      {"key_id", [](KeyRecord& r) { r.key_id = ""; }},
      {"key_id", [](KeyRecord& r) { r.key_id = "key/1"; }},
      {"user_id", [](KeyRecord& r) { r.user_id = ""; }},
      {"user_id", [](KeyRecord& r) { r.user_id = std::string(256, 'a'); }},
      {"user_id", [](KeyRecord& r) { r.user_id = "a\nb"; }},
      {"user_id", [](KeyRecord& r) { r.user_id = std::string("a\0b", 3); }},
      {"user_id", [](KeyRecord& r) { r.user_id = "a\x7F"; }},
      {"user_id", [](KeyRecord& r) { r.user_id = "a\xC2\x85"; }},
      {"user_id", [](KeyRecord& r) { r.user_id = "a\xFF"; }},
      {"user_email", [](KeyRecord& r) { r.user_email = "nobody"; }},
      {"user_email", [](KeyRecord& r) { r.user_email = "@example.com"; }},
      {"user_email", [](KeyRecord& r) { r.user_email = "a@"; }},
      {"user_email", [](KeyRecord& r) { r.user_email = "a@b@c"; }},
      {"user_email", [](KeyRecord& r) { r.user_email = "a b@c"; }},
      {"user_email", [](KeyRecord& r) { r.user_email = "a@" + std::string(319, 'b'); }},
      {"description", [](KeyRecord& r) { r.description = std::string(1001, 'd'); }},
      {"description", [](KeyRecord& r) { r.description = "\x1B[31m"; }},
      {"event_types", [](KeyRecord& r) { r.event_types.assign(101, "t"); }},
      {"event_types", [](KeyRecord& r) { r.event_types = {""}; }},
      {"event_types", [](KeyRecord& r) { r.event_types = {std::string(256, 't')}; }},
      {"event_types", [](KeyRecord& r) { r.event_types = {"\xED\xA0\x80"}; }},
      {"rate_limit_per_minute", [](KeyRecord& r) { r.rate_limit_per_minute = 0; }},
      {"rate_limit_per_minute", [](KeyRecord& r) { r.rate_limit_per_minute = 10'000'001; }},
      {"all_tenants", [](KeyRecord& r) { r.all_tenants = true; }},
      {"expires_at", [](KeyRecord& r) { r.expires_at = UnixMillis::max(); }},
      {"expires_at", [](KeyRecord& r) { r.expires_at = UnixMillis::min(); }},
      {"secrets", [](KeyRecord& r) { r.secrets.resize(17); }},
  };
  for (const auto& wrong : cases) {
    auto record = good_record();
    wrong.spoil(record);
    const auto result = validate(record);
    ASSERT_FALSE(result.ok()) << wrong.field;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(result.error().message.starts_with(wrong.field)) << result.error().message;
  }
}

TEST(Validate, BoundsAreInclusive) {
  auto record = good_record();
  record.user_id = std::string(255, 'a');
  record.user_email = "a@" + std::string(318, 'b');
  record.event_types.assign(100, std::string(255, 't'));
  record.rate_limit_per_minute = 10'000'000;
  record.description.clear();
  for (int i = 0; i < 1000; ++i) record.description += "\xE2\x82\xAC";
  EXPECT_TRUE(validate(record));
  record.rate_limit_per_minute.reset();
  record.user_email.clear();
  EXPECT_TRUE(validate(record));
}

TEST(IsUtf8, TakesWellFormedSequencesOnly) {
  for (const std::string_view text : {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(text)) << to_hex(text);
  }
  for (const std::string_view text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\x80", "\xED\xA0\x80", "\xF0\x8F\x80\x80", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
    EXPECT_FALSE(is_utf8(text)) << to_hex(text);
  }
}

}  // namespace
}  // namespace triggers::auth
