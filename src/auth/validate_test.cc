#include "auth/validate.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "auth/test_key_record.h"
#include "base/encoding.h"

namespace triggers::auth {
namespace {

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
      {"inboxes", [](KeyRecord& r) { r.inboxes.assign(101, "crm"); }},
      {"inboxes", [](KeyRecord& r) { r.inboxes = {""}; }},
      {"inboxes", [](KeyRecord& r) { r.inboxes = {"crm", "-x"}; }},
      {"inboxes", [](KeyRecord& r) { r.inboxes = {std::string(101, 'x')}; }},
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
  record.inboxes.assign(100, std::string(100, 'x'));
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
