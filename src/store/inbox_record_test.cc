#include "store/inbox_record.h"

#include <gtest/gtest.h>

namespace triggers::store {
namespace {

using namespace std::chrono_literals;

InboxRecord full() {
  InboxRecord record;
  record.name = InboxName::parse("billing.eu-1").value();
  record.settings = {.description = "Rechnungen \"é\"",
                     .filter = R"({"event_type":[{"prefix":"order."}]})",
                     .collect = false,
                     .lease_duration = 60s,
                     .max_attempts = 3,
                     .retention = std::chrono::days(7),
                     .dead_retention = std::chrono::days(14)};
  record.number = 18'446'744'073'709'551'615U;
  record.revision = 5;
  record.created_at = UnixMillis{1'700'000'000'123ms};
  record.updated_at = UnixMillis{1'700'000'009'999ms};
  return record;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(InboxRecord, ComesBackAsItWasStored) {
  EXPECT_EQ(decode_inbox(encode_inbox(full())).value(), full());
  InboxRecord plain;
  plain.settings.max_attempts.reset();
  EXPECT_EQ(decode_inbox(encode_inbox(plain)).value(), plain);
}

TEST(InboxRecord, StoredFormIsPinned) {
  EXPECT_EQ(encode_inbox(InboxRecord{}),
            R"({"v":1,"name":"default","number":0,"revision":0,"description":"","filter":"","collect":true,)"
            R"("lease_seconds":30,"max_attempts":10,"retention_days":null,"dead_retention_days":30,)"
            R"("created_at":"1970-01-01T00:00:00.000Z","updated_at":"1970-01-01T00:00:00.000Z"})");
}

TEST(InboxRecord, LargestFilterIsRead) {
  InboxRecord record;
  std::string value;
  while (value.size() < 8'000) value += "\\u0001";  // As JSON once more, each takes seven bytes.
  record.settings.filter = R"({"source":[")" + value + R"("]})";
  record.settings.description = std::string(1'000, '\x01');
  EXPECT_EQ(decode_inbox(encode_inbox(record)).value(), record);
}

TEST(InboxRecord, WhatIsNotARecordIsRefused) {
  const std::string good = encode_inbox(full());
  const std::vector<std::pair<std::string, std::string>> bad{
      {"", "not JSON"},
      {"[]", "not a JSON object"},
      {good + "x", "not JSON"},
      {good.substr(0, good.size() - 1), "not JSON"},
      {std::string(200'000, ' '), "larger than 128 KiB"},
      {replaced(good, R"("v":1)", R"("v":2)"), "its version is 2"},
      {replaced(good, R"("collect":false)", R"("collect":0)"), "collect is not true or false"},
      {replaced(good, R"("collect":false,)", ""), "collect is missing"},
      {replaced(good, R"("v":1)", R"("v":1,"push":{})"), "unknown fields"},
      {replaced(good, R"("name":"billing)", R"("name":"_billing)"), "must begin with a letter or a digit"},
      {replaced(good, R"("lease_seconds":60)", R"("lease_seconds":0)"), "lease_seconds must be 1 to 43200"},
      {replaced(good, R"("lease_seconds":60)", R"("lease_seconds":4294967297)"), "lease_seconds is out of bounds"},
      {replaced(good, R"("max_attempts":3)", R"("max_attempts":4294967299)"), "max_attempts is out of bounds"},
      {replaced(good, R"("retention_days":7)", R"("retention_days":-7)"), "retention_days is not a whole number"},
      {replaced(good, R"("retention_days":7)", R"("retention_days":"7")"), "retention_days is not a whole number"},
      {replaced(good, R"("dead_retention_days":14)", R"("dead_retention_days":null)"), "dead_retention_days"},
      {replaced(good, "prefix", "prefx"), "filter cannot be understood"},
  };
  for (const auto& [bytes, problem] : bad) {
    const auto decoded = decode_inbox(bytes);
    ASSERT_FALSE(decoded) << bytes.substr(0, 300);
    EXPECT_EQ(decoded.error().code, ErrorCode::internal);
    EXPECT_NE(decoded.error().message.find(problem), std::string::npos) << decoded.error().message;
  }
}

}  // namespace
}  // namespace triggers::store
