#include "inbox/settings.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "inbox/inbox_name.h"

namespace triggers::inbox {
namespace {

using std::chrono::days;
using std::chrono::seconds;

TEST(Settings, TheDefaultsAreThoseOfTheApiAndRight) {
  const Settings settings;
  EXPECT_FALSE(find_fault(settings));
  EXPECT_TRUE(settings.collect);
  EXPECT_EQ(settings.lease_duration, seconds(30));
  EXPECT_EQ(settings.max_attempts, 10U);
  EXPECT_EQ(settings.retention, std::nullopt);
  EXPECT_EQ(settings.dead_retention, days(30));
}

TEST(Settings, EachBoundIsHeldOnBothSides) {
  struct Case {
    const char* field;
    std::function<void(Settings&, std::int64_t)> set;
    std::int64_t min, max;
  };
  const Case cases[] = {
      {"lease_seconds", [](Settings& s, std::int64_t v) { s.lease_duration = seconds(v); }, 1, 43'200},
      {"max_attempts", [](Settings& s, std::int64_t v) { s.max_attempts = static_cast<std::uint32_t>(v); }, 1, 1'000},
      {"retention_days", [](Settings& s, std::int64_t v) { s.retention = days(v); }, 1, 36'500},
      {"dead_retention_days", [](Settings& s, std::int64_t v) { s.dead_retention = days(v); }, 1, 36'500},
      {"description",
       [](Settings& s, std::int64_t v) { s.description = std::string(static_cast<std::size_t>(v), 'a'); }, 0, 1'000},
  };
  for (const Case& c : cases) {
    const auto fault = [&](std::int64_t value) {
      Settings settings;
      c.set(settings, value);
      return find_fault(settings);
    };
    EXPECT_FALSE(fault(c.min)) << c.field;
    EXPECT_FALSE(fault(c.max)) << c.field;
    for (const auto wrong : {c.min - 1, c.max + 1}) {
      if (wrong < 0) continue;
      const auto found = fault(wrong);
      ASSERT_TRUE(found) << c.field << " " << wrong;
      EXPECT_EQ(found->field, c.field);
      EXPECT_NE(found->message.find(std::to_string(wrong)), std::string::npos) << found->message;
    }
  }
}

TEST(Settings, NoLimitAndForEverAreRight) {
  EXPECT_FALSE(find_fault(Settings{.max_attempts = {}}));
  EXPECT_FALSE(find_fault(Settings{.retention = {}}));
}

TEST(Settings, CharactersAreCountedNotBytes) {
  std::string text;
  for (int i = 0; i != 1'000; ++i) text += "\u00e4";
  EXPECT_FALSE(find_fault(Settings{.description = text}));
  EXPECT_EQ(find_fault(Settings{.description = text + "a"})->message,
            "description must have at most 1000 characters; it has 1001");
}

TEST(Settings, TextThatIsNotUtf8IsRefused) {
  EXPECT_EQ(find_fault(Settings{.description = "a\xff"})->message, "description must be UTF-8; byte 1 is not");
  EXPECT_EQ(find_fault(Settings{.filter = "\xff"})->field, "filter");
}

TEST(Settings, AFilterThatCannotBeUnderstoodIsRefusedWithThePathOfItsFault) {
  EXPECT_FALSE(find_fault(Settings{.filter = R"({"payload":{"total":[{"numeric":[">",10]}]}})"}));
  const auto fault = find_fault(Settings{.filter = R"({"payload":{"total":[{"numeric":[10]}]}})"});
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->field, "filter");
  EXPECT_NE(fault->message.find("$.payload.total[0].numeric"), std::string::npos) << fault->message;
}

TEST(Settings, AFilterHasAtMostEightKibibytes) {
  // Spaces may follow the value.
  const auto filter_of = [](std::size_t bytes) { return "{}" + std::string(bytes - 2, ' '); };
  EXPECT_FALSE(find_fault(Settings{.filter = filter_of(8'192)}));
  const auto fault = find_fault(Settings{.filter = filter_of(8'193)});
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->field, "filter");
  EXPECT_NE(fault->message.find("8193"), std::string::npos) << fault->message;
}

TEST(Bounds, ANumberOutsideIsToldWithItsRange) {
  EXPECT_EQ(check_range("wait_seconds", 31, wait_seconds_range)->message, "wait_seconds must be 0 to 30; it was 31");
  EXPECT_EQ(check_range("limit", -1, lease_limit_range)->field, "limit");
  EXPECT_FALSE(check_range("limit", 500, lease_limit_range));
  EXPECT_TRUE(check_range("limit", 501, lease_limit_range));
  EXPECT_FALSE(check_range("delay_seconds", 0, delay_seconds_range));
  EXPECT_FALSE(check_range("delay_seconds", 43'200, delay_seconds_range));
  EXPECT_TRUE(check_range("delay_seconds", 43'201, delay_seconds_range));
  EXPECT_TRUE(check_text("error", std::string(error_chars_max + 1, 'a'), error_chars_max));
}

TEST(InboxName, NamesOfTheRuleAreTaken) {
  for (const auto& name :
       std::vector<std::string>{"default", "billing", "A", "0", "9.a-b_C", "a..", std::string(100, 'x')}) {
    const auto parsed = InboxName::parse(name);
    ASSERT_TRUE(parsed.ok()) << name;
    EXPECT_EQ(parsed->text(), name);
  }
  EXPECT_TRUE(InboxName::parse("default")->is_default());
  EXPECT_FALSE(InboxName::parse("Default")->is_default());
}

TEST(InboxName, OthersAreRefusedAndToldWhy) {
  const auto message = [](std::string_view name) { return InboxName::parse(name).error().message; };
  EXPECT_NE(message("").find("1 to 100"), std::string::npos);
  EXPECT_NE(message(std::string(101, 'x')).find("it has 101"), std::string::npos);
  for (const std::string_view name : {"-a", "_a", ".a", " a"}) {
    EXPECT_NE(message(name).find("begin with"), std::string::npos) << name;
  }
  for (int c = 0; c != 256; ++c) {
    const std::string name{'a', static_cast<char>(c)};
    const bool good =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
    EXPECT_EQ(InboxName::parse(name).ok(), good) << c;
  }
}

}  // namespace
}  // namespace triggers::inbox
